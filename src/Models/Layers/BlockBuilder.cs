using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Builds the parts of one decoder layer from its weights; architectures choose among the parts.</summary>
/// <param name="Layer">Layer index, from 0.</param>
/// <param name="Config">The model's hyperparameters.</param>
/// <param name="Slice">What of each layer this rank holds.</param>
/// <param name="Kv">This layer's cache; null when the rank holds no heads.</param>
/// <param name="Weights">Where weights come from.</param>
internal sealed record BlockBuilder(
    int Layer, ModelConfig Config, ModelSlice Slice, KvLayer? Kv, WeightLoader Weights)
{
    private string Prefix => $"blk.{Layer}.";

    /// <summary>Norm, attend, add; norm, feed forward, add.</summary>
    public PreNormBlock PreNorm(SelfAttention attention, IFeedForward feedForward) =>
        new(Config.NormEpsilon)
        {
            AttentionNorm = Weights.Vector(Prefix + "attn_norm", Config.Width),
            Attention = attention,
            FeedForwardNorm = Weights.Vector(Prefix + "ffn_norm", Config.Width),
            FeedForward = feedForward,
        };

    /// <summary>Grouped-query attention.</summary>
    /// <param name="window">Tokens a query sees; 0 sees all.</param>
    /// <param name="headNorms">RMS norm on each query and key head.</param>
    public SelfAttention Attention(int window = 0, bool headNorms = false)
    {
        var (queries, keys) = (Config.Heads * Config.HeadDim, Config.KvHeads * Config.HeadDim);
        var (q, kv) = (Slice.Heads.Times(Config.HeadDim), Slice.KvHeads.Times(Config.HeadDim));
        return new(Slice.Of(Config), Kv)
        {
            Qkv = Weights.ColumnParallel(Config.Width,
                new(Prefix + "attn_q", queries, q), new(Prefix + "attn_k", keys, kv), new(Prefix + "attn_v", keys, kv)),
            Output = Weights.RowParallel(Prefix + "attn_output", Config.Width, queries, q),
            QueryNorm = headNorms ? Weights.Vector(Prefix + "attn_q_norm", Config.HeadDim) : null,
            KeyNorm = headNorms ? Weights.Vector(Prefix + "attn_k_norm", Config.HeadDim) : null,
            Window = window,
        };
    }

    /// <summary>Experts in the layers that have them, in the others a feed-forward.</summary>
    public IFeedForward ExpertsOrFeedForward() => Config.Experts.IsSparse(Layer) ? Experts() : FeedForward();

    /// <summary>SwiGLU feed-forward.</summary>
    public GatedFeedForward FeedForward()
    {
        var (inner, mine) = (Config.FeedForwardWidth, Slice.FeedForward);
        return new()
        {
            GateUp = Weights.ColumnParallel(Config.Width,
                new(Prefix + "ffn_gate", inner, mine), new(Prefix + "ffn_up", inner, mine)),
            Down = Weights.RowParallel(Prefix + "ffn_down", Config.Width, inner, mine),
        };
    }

    private RoutedExperts Experts()
    {
        var (all, width) = (Config.Experts, Config.Experts.Width);
        return new(Weights.Ranks, all)
        {
            Router = Weights.Router(Prefix + "ffn_gate_inp", all.Count, Config.Width),
            Mine = Slice.Experts,
            GateUp = Weights.Experts(all.Count, Slice.Experts, Config.Width,
                (Prefix + "ffn_gate_exps", width), (Prefix + "ffn_up_exps", width)),
            Down = Weights.Experts(all.Count, Slice.Experts, width, (Prefix + "ffn_down_exps", Config.Width)),
        };
    }
}
