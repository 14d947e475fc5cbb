using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Compute.Packing;

namespace Minka.Bench.Kernels;

/// <summary>More copies of a matrix than caches hold, in turn: each meets memory as a layer does.</summary>
internal sealed unsafe class ColdMatrices : IDisposable
{
    private const int TokensMax = 512;

    private readonly PackedMatrix[] _matrices;
    private readonly ThreadTeam _team;
    private readonly MatMulScratch _scratch;
    private readonly NativeBuffer _x, _y;
    private int _next;

    public ColdMatrices(DType type, int rows, int columns, long coldBytes, ThreadTeam team, InstructionTier tier)
    {
        var source = new RandomWeights(type, rows, columns, 1);
        var count = (int)((coldBytes / (type.RowBytes(columns) * rows)) + 1);
        (_team, Tier) = (team, tier);
        _matrices = new PackedMatrix[count];
        for (var i = 0; i < count; i++) _matrices[i] = PackedMatrix.Pack([source], null, team, null, tier);
        _scratch = new MatMulScratch(TokensMax, columns);
        _x = new NativeBuffer(4L * TokensMax * columns);
        _y = new NativeBuffer(4L * TokensMax * rows);
        var random = new Random(1);
        for (var i = 0; i < TokensMax * columns; i++) ((float*)_x.Data)[i] = random.NextSingle() - 0.5f;
    }

    public InstructionTier Tier { get; }

    public int Count => _matrices.Length;

    public long Bytes => _matrices[0].Bytes;

    public long Weights => (long)_matrices[0].Rows * _matrices[0].Columns;

    public void Multiply(int tokens, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var w = _matrices[_next++ % _matrices.Length];
            w.Multiply(_team, (float*)_x.Data, w.Columns, tokens, (float*)_y.Data, w.Rows, _scratch);
        }
    }

    public void Dispose()
    {
        foreach (var matrix in _matrices) matrix.Dispose();
        _scratch.Dispose();
        _x.Dispose();
        _y.Dispose();
    }
}
