using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Grouped-query self-attention with rotary positions over a paged KV cache (Ainslie et al. 2023).</summary>
/// <remarks>T tokens, D model width, H and K this rank's query and key-value heads, C head width.</remarks>
internal sealed class SelfAttention(ModelConfig config, KvLayer? kv) : IDisposable
{
    private readonly int _queries = config.Heads * config.HeadDim;
    private readonly int _keys = config.KvHeads * config.HeadDim;

    /// <summary>Query, key and value projections, <c>[(H + 2K)C, D]</c>; null on a rank without heads.</summary>
    public required ColumnParallelLinear? Qkv { get; init; }

    /// <summary>Output projection, <c>[D, HC]</c>.</summary>
    public required RowParallelLinear Output { get; init; }

    /// <summary>RMS norm of each query head before it rotates, <c>[1, C]</c>; null for none.</summary>
    public Tensor? QueryNorm { get; init; }

    /// <summary>RMS norm of each key head before it rotates, <c>[1, C]</c>; null for none.</summary>
    public Tensor? KeyNorm { get; init; }

    /// <summary>Tokens a query sees, with itself; 0 sees all.</summary>
    public int Window { get; init; }

    /// <summary>Bytes of weights.</summary>
    public long Bytes => (Qkv?.Bytes ?? 0) + Output.Bytes;

    /// <summary>Writes <paramref name="y"/>, <c>[T, D]</c>, from <paramref name="x"/>, <c>[T, D]</c>.</summary>
    public void Forward(Tensor y, Tensor x, in Step step)
    {
        var heads = step.Scratch.Heads.Take(step.Tokens);
        if (Qkv is not null && kv is not null) Attend(heads, x, Qkv, kv, step);
        Output.Forward(y, heads, step.On);                                      // [T, D]
    }

    private void Attend(Tensor heads, Tensor x, ColumnParallelLinear projections, KvLayer cache, in Step step)
    {
        var on = step.On;
        var qkv = step.Scratch.Qkv.Take(step.Tokens);
        var (q, k, v) = (qkv.Slice(0, _queries), qkv.Slice(_queries, _keys), qkv.Slice(_queries + _keys, _keys));

        projections.Forward(qkv, x, on);                                        // [T, (H + 2K)C]
        if (QueryNorm is { } queryNorm) on.HeadRmsNorm(q, queryNorm, config.NormEpsilon);
        if (KeyNorm is { } keyNorm) on.HeadRmsNorm(k, keyNorm, config.NormEpsilon);
        var turning = qkv.Slice(0, _queries + _keys);
        on.Rope(turning, step.Rotations, config.HeadDim, config.Rope.Pairs);    // [T, (H + K)C]
        on.WriteKv(cache, k, v, step.Slots);
        on.Attention(heads, q, cache, Options, step.Layout);                    // [T, HC]
    }

    private AttentionOptions Options => new(config.Heads, 1 / MathF.Sqrt(config.HeadDim), Window);

    /// <inheritdoc/>
    public void Dispose()
    {
        Qkv?.Dispose();
        Output.Dispose();
        QueryNorm?.Storage.Dispose();
        KeyNorm?.Storage.Dispose();
    }
}
