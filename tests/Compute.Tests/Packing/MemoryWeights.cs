using Minka.Compute.Formats;

namespace Minka.Compute.Tests.Packing;

/// <summary>Weights in memory, as a file would hand them out.</summary>
internal sealed class MemoryWeights(string name, DType type, int rows, int columns, byte[] bytes) : IWeightSource
{
    public string Name => name;

    public DType Type => type;

    public int Rows => rows;

    public int Columns => columns;

    public byte[] Bytes => bytes;

    public void ReadRows(int first, int count, Span<byte> bytes1) =>
        bytes.AsSpan((int)(first * type.RowBytes(columns)), (int)(count * type.RowBytes(columns))).CopyTo(bytes1);

    /// <summary>Random weights of about the size that trained ones have.</summary>
    public static MemoryWeights Random(DType type, int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) / 8;
        var bytes = new byte[rows * type.RowBytes(columns)];
        BlockFormats.Of(type).Encode(values, bytes);
        return new MemoryWeights($"random {type}", type, rows, columns, bytes);
    }

    /// <summary>One row as floats.</summary>
    public float[] Decode(int row)
    {
        var values = new float[columns];
        var rowBytes = (int)type.RowBytes(columns);
        BlockFormats.Of(type).Decode(bytes.AsSpan(row * rowBytes, rowBytes), values);
        return values;
    }
}
