using System.Buffers;
using System.Runtime.InteropServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Packing;

/// <summary>A weight as floats that passed through a block format: what rounding weights alone costs.</summary>
internal sealed class RoundedSource(IWeightSource source, DType type) : IWeightSource
{
    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public DType Type => DType.F32;

    /// <inheritdoc/>
    public int Rows => source.Rows;

    /// <inheritdoc/>
    public int Columns => source.Columns;

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        var stored = ArrayPool<byte>.Shared.Rent(checked((int)(count * source.Type.RowBytes(Columns))));
        var rounded = ArrayPool<byte>.Shared.Rent(checked((int)(count * type.RowBytes(Columns))));
        var storedSpan = stored.AsSpan(0, (int)(count * source.Type.RowBytes(Columns)));
        var roundedSpan = rounded.AsSpan(0, (int)(count * type.RowBytes(Columns)));

        source.ReadRows(first, count, storedSpan);
        BlockFormats.Of(source.Type).Decode(storedSpan, values);
        BlockFormats.Of(type).Encode(values, roundedSpan);
        BlockFormats.Of(type).Decode(roundedSpan, values);

        ArrayPool<byte>.Shared.Return(stored);
        ArrayPool<byte>.Shared.Return(rounded);
    }
}
