using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>One sequence's step through caches of several layers, so that none stays in the CPU's cache.</summary>
internal sealed class AttentionStep : IDisposable
{
    public static long ColdBytes { get; set; } = 160L << 20;

    private readonly CpuBackend _backend;
    private readonly Tensor _queries, _result;
    private readonly KvLayer[] _layers;
    private readonly AttentionOptions _options;
    private readonly int[] _positions, _blocks;
    private int _next;

    public AttentionStep(CpuBackend backend, KvShape shape, int heads, int depth, int tokens)
    {
        _backend = backend;
        _options = new(heads, 1 / MathF.Sqrt(shape.HeadDim));
        _blocks = [.. Enumerable.Range(0, (depth + tokens + 15) / 16)];
        _positions = [.. Enumerable.Range(depth, tokens)];
        shape = shape with { Blocks = _blocks.Length };
        var keys = (double)tokens * depth + (double)tokens * (tokens + 1) / 2;
        Operations = 4 * keys * heads * shape.HeadDim;
        Bytes = (long)_blocks.Length * shape.BlockBytes;
        _layers = [.. Enumerable.Range(0, tokens > 1 ? 1 : (int)Math.Clamp(ColdBytes / Bytes, 1, 32))
            .Select(_ => backend.AllocateKv(shape))];
        _queries = Random(tokens, heads * shape.HeadDim);
        _result = Random(tokens, heads * shape.HeadDim);

        var stored = Random(16, shape.KvHeads * shape.HeadDim);
        foreach (var layer in _layers)
            foreach (var block in _blocks)
                backend.WriteKv(layer, stored, stored, [.. Enumerable.Range(block * 16, 16)]);
    }

    public int Layers => _layers.Length;

    public long Bytes { get; }

    public double Operations { get; }

    public void Run(int times)
    {
        for (var i = 0; i < times; i++)
            _backend.Attention(_result, _queries, _layers[_next++ % _layers.Length], _options,
                new([0, _positions.Length], _positions, [0, _blocks.Length], _blocks));
    }

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
        _queries.Storage.Dispose();
        _result.Storage.Dispose();
    }

    private Tensor Random(int rows, int columns)
    {
        var random = new Random(1);
        var tensor = _backend.Allocate(rows, columns).All;
        foreach (ref var value in _backend.Host(tensor)) value = random.NextSingle() * 2 - 1;
        return tensor;
    }
}
