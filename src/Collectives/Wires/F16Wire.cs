using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Minka.Collectives.Wires;

/// <summary>Half precision, 2 bytes: 11 bits; beyond 65,504 it saturates.</summary>
internal sealed class F16Wire : IWire
{
    private const float Largest = 65504;
    private const int Part = 512;

    public string Name => "f16";

    public bool IsExact => false;

    public int Bytes(int count) => checked(count * 2);

    public int Values(int bytes) => bytes / 64 * 32;

    [SkipLocalsInit]
    public void Encode(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        Span<float> clamped = stackalloc float[Part];
        for (var at = 0; at < values.Length; at += Part)
        {
            var part = values.Slice(at, Math.Min(Part, values.Length - at));
            TensorPrimitives.Clamp(part, -Largest, Largest, clamped);
            TensorPrimitives.ConvertToHalf(clamped[..part.Length], halves[at..]);
        }
    }

    public void Decode(ReadOnlySpan<byte> bytes, Span<float> values) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);

    [SkipLocalsInit]
    public void Add(ReadOnlySpan<byte> bytes, Span<float> sums)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        Span<float> decoded = stackalloc float[Part];
        for (var at = 0; at < sums.Length; at += Part)
        {
            var part = sums.Slice(at, Math.Min(Part, sums.Length - at));
            TensorPrimitives.ConvertToSingle(halves.Slice(at, part.Length), decoded);
            Sums.Add(decoded[..part.Length], part);
        }
    }
}
