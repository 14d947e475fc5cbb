using System.Runtime.InteropServices;

namespace Minka.Collectives.Wires;

/// <summary>Single precision, 4 bytes: exact.</summary>
internal sealed class F32Wire : IWire
{
    public string Name => "f32";

    public bool IsExact => true;

    public int Bytes(int count) => checked(count * 4);

    public int Values(int bytes) => bytes / 128 * 32;

    public void Encode(ReadOnlySpan<float> values, Span<byte> bytes) => MemoryMarshal.AsBytes(values).CopyTo(bytes);

    public void Decode(ReadOnlySpan<byte> bytes, Span<float> values) => bytes.CopyTo(MemoryMarshal.AsBytes(values));

    public void Add(ReadOnlySpan<byte> bytes, Span<float> sums) =>
        Sums.Add(MemoryMarshal.Cast<byte, float>(bytes), sums);
}
