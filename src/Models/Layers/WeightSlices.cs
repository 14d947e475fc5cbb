using System.Buffers;
using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>A part of a weight as a weight of its own; nothing is read before it is asked for.</summary>
public static class WeightSlices
{
    /// <summary>Some rows of a weight.</summary>
    public static IWeightSource Rows(IWeightSource source, Range rows) =>
        rows.Count == source.Rows ? source
        : source is ISlicedWeight sliced && rows.Count > 0 ? sliced.RowSlice(rows)
        : new RowSlice(source, rows.Start.Value, rows.Count);

    /// <summary>Some rows of a slice that is at hand whole.</summary>
    public static IWeightSource Within(IWeightSource slice, Range rows) =>
        new RowSlice(slice, rows.Start.Value, rows.Count);

    /// <summary>Some columns of a weight, from the edge of a block to the edge of a block.</summary>
    /// <exception cref="ModelFormatException">A block would be cut.</exception>
    public static IWeightSource Columns(IWeightSource source, Range columns)
    {
        if (columns.Count == source.Columns) return source;
        if (source is ISlicedWeight sliced) return sliced.ColumnSlice(columns);
        var block = source.Type.BlockLength();
        if (columns.Start.Value % block != 0 || columns.End.Value % block != 0)
            throw new ModelFormatException($"Columns {columns} of '{source.Name}' begin or end within a {source.Type} "
                + $"block of {block}; cut the model at multiples of {block}.");
        return new ColumnSlice(source, columns.Start.Value, columns.Count);
    }

    private sealed class RowSlice(IWeightSource source, int first, int rows) : IWeightSource
    {
        public string Name => source.Name;

        public DType Type => source.Type;

        public int Rows => rows;

        public int Columns => source.Columns;

        public void ReadRows(int from, int count, Span<byte> bytes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(from);
            ArgumentOutOfRangeException.ThrowIfGreaterThan((long)from + count, rows);
            source.ReadRows(first + from, count, bytes);
        }
    }

    private sealed class ColumnSlice(IWeightSource source, int first, int columns) : IWeightSource
    {
        /// <summary>Whole rows that are read at once.</summary>
        private const int ReadBytes = 1 << 18;

        public string Name => source.Name;

        public DType Type => source.Type;

        public int Rows => source.Rows;

        public int Columns => columns;

        public void ReadRows(int from, int count, Span<byte> bytes)
        {
            var (whole, part) = ((int)Type.RowBytes(source.Columns), (int)Type.RowBytes(columns));
            var skip = (int)Type.RowBytes(first);
            var atOnce = Math.Clamp(ReadBytes / whole, 1, Math.Max(1, count));
            var read = ArrayPool<byte>.Shared.Rent(checked(atOnce * whole));
            try
            {
                for (var row = 0; row < count; row += atOnce)
                {
                    var rows = Math.Min(atOnce, count - row);
                    source.ReadRows(from + row, rows, read.AsSpan(0, rows * whole));
                    for (var r = 0; r < rows; r++)
                        read.AsSpan((r * whole) + skip, part).CopyTo(bytes.Slice((row + r) * part, part));
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(read);
            }
        }
    }
}
