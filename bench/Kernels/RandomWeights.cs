using Minka.Compute;
using Minka.Compute.Formats;

namespace Minka.Bench.Kernels;

/// <summary>A matrix of random weights that takes no memory of its own: rows come from a small pool.</summary>
internal sealed class RandomWeights(DType type, int rows, int columns, int seed) : IWeightSource
{
    private const int PoolRows = 61;

    private readonly byte[] _pool = Encode(type, columns, seed);

    public string Name => $"random {type} {rows}x{columns}";

    public DType Type => type;

    public int Rows => rows;

    public int Columns => columns;

    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        var rowBytes = (int)type.RowBytes(columns);
        for (var r = 0; r < count; r++)
            _pool.AsSpan((first + r) % PoolRows * rowBytes, rowBytes).CopyTo(bytes[(r * rowBytes)..]);
    }

    private static byte[] Encode(DType type, int columns, int seed)
    {
        var random = new Random(seed);
        var values = new float[PoolRows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) / 8;
        var bytes = new byte[PoolRows * type.RowBytes(columns)];
        BlockFormats.Of(type).Encode(values, bytes);
        return bytes;
    }
}
