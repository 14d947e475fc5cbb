using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

/// <summary>Every operation once, on one sequence of seeded random numbers: one layer of a small model.</summary>
internal sealed class OneStep : IDisposable
{
    private const int Width = 128, Heads = 4, KvHeads = 2, HeadDim = 32, Forward = 192, Vocabulary = 50;

    private readonly CpuBackend _on;
    private readonly Matrix _table, _qkv, _out, _gateUp, _down;
    private readonly Tensor _norm, _headNorm, _x, _normed, _heads, _qkvs, _rotations, _hidden, _gated, _delta, _last;
    private readonly KvLayer _kv;
    private readonly int[] _tokens, _slots, _positions, _blocks, _rowStarts, _blockStarts, _lastRow;

    public OneStep(CpuBackend backend, int tokens)
    {
        _on = backend;
        _table = Weights(Vocabulary, Width, DType.F16);
        _qkv = Weights((Heads + 2 * KvHeads) * HeadDim, Width, DType.Q8_0);
        _out = Weights(Width, Heads * HeadDim, DType.Q4_0);
        _gateUp = Weights(2 * Forward, Width, DType.Q8_0);
        _down = Weights(Width, Forward, DType.F32);
        (_norm, _headNorm) = (Filled(1, Width), Filled(1, HeadDim));
        (_x, _normed, _delta) = (Filled(tokens, Width), Filled(tokens, Width), Filled(tokens, Width));
        (_qkvs, _heads) = (Filled(tokens, (Heads + 2 * KvHeads) * HeadDim), Filled(tokens, Heads * HeadDim));
        (_hidden, _gated) = (Filled(tokens, 2 * Forward), Filled(tokens, Forward));
        (_rotations, _last) = (Filled(tokens, HeadDim), Filled(1, Width));
        var blocks = (tokens + 15) / 16;
        _kv = backend.AllocateKv(new(blocks + 1, KvHeads, HeadDim, DType.F16));
        _tokens = [.. Enumerable.Range(0, tokens).Select(t => t * 7 % Vocabulary)];
        _positions = _slots = [.. Enumerable.Range(0, tokens)];
        _blocks = [.. Enumerable.Range(0, blocks)];
        (_rowStarts, _blockStarts, _lastRow) = ([0, tokens], [0, blocks], [tokens - 1]);
    }

    /// <summary>The last token's result, and the residual stream of all.</summary>
    public static float[] Run(CpuBackend backend, int tokens)
    {
        using var step = new OneStep(backend, tokens);
        step.Run();
        return [.. backend.Host(step._last), .. backend.Host(step._x)];
    }

    public void Run()
    {
        _on.Embed(_x, _table, _tokens);
        _on.RmsNorm(_normed, _x, _norm, 1e-5f);
        _on.MatMul(_qkvs, _normed, _qkv);
        Tensor q = _qkvs.Slice(0, Heads * HeadDim), k = _qkvs.Slice(Heads * HeadDim, KvHeads * HeadDim);
        Tensor v = _qkvs.Slice((Heads + KvHeads) * HeadDim, KvHeads * HeadDim);
        _on.HeadRmsNorm(q, _headNorm, 1e-5f);
        _on.Rope(q, _rotations, HeadDim, RopePairs.Halves);
        _on.Rope(k, _rotations, HeadDim, RopePairs.Adjacent);
        _on.WriteKv(_kv, k, v, _slots);
        _on.Attention(_heads, q, _kv, new(Heads, 0.2f), new(_rowStarts, _positions, _blockStarts, _blocks));
        _on.MatMul(_delta, _heads, _out);
        _on.Add(_x, _delta);
        _on.MatMul(_hidden, _x, _gateUp);
        _on.SwiGlu(_gated, _hidden);
        _on.MatMul(_delta, _gated, _down);
        _on.AddRow(_delta, _norm);
        _on.Add(_x, _delta);
        _on.GatherRows(_last, _x, _lastRow);
        _on.CopyKvBlock(_kv, 0, _kv.Shape.Blocks - 1);
    }

    public void Dispose()
    {
        foreach (var matrix in (Matrix[])[_table, _qkv, _out, _gateUp, _down]) matrix.Dispose();
        _kv.Dispose();
    }

    private Matrix Weights(int rows, int columns, DType type)
    {
        var random = new Random(rows + columns);
        var values = Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f).ToArray();
        return _on.Pack([new CpuBackendTests.Rows(rows, columns, i => values[i])], type);
    }

    private Tensor Filled(int rows, int columns)
    {
        var random = new Random(columns);
        var tensor = _on.Allocate(rows, columns).All;
        foreach (ref var value in _on.Host(tensor)) value = random.NextSingle() * 2 - 1;
        return tensor;
    }
}
