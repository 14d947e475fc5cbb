using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Builds the parts of one decoder layer from its weights; architectures choose among the parts.</summary>
/// <param name="Layer">Layer index, from 0.</param>
/// <param name="Config">The model's hyperparameters.</param>
/// <param name="On">Device.</param>
/// <param name="Scratch">Activations shared by all layers.</param>
/// <param name="Kv">This layer's cache.</param>
/// <param name="Weights">Where weights come from.</param>
internal sealed record BlockBuilder(
    int Layer, ModelConfig Config, IBackend On, Scratch Scratch, KvLayer Kv, WeightLoader Weights)
{
    private string Prefix => $"blk.{Layer}.";

    /// <summary>Norm, attend, add; norm, feed forward, add.</summary>
    public PreNormBlock PreNorm(SelfAttention attention, GatedFeedForward feedForward) =>
        new(On, Scratch, Config.NormEpsilon)
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
        var queries = Config.Heads * Config.HeadDim;
        var keys = Config.KvHeads * Config.HeadDim;
        return new(On, Scratch, Config, Kv)
        {
            Qkv = Weights.Linear(Config.Width,
                new(Prefix + "attn_q", queries), new(Prefix + "attn_k", keys), new(Prefix + "attn_v", keys)),
            Output = Weights.Linear(queries, new LinearPart(Prefix + "attn_output", Config.Width)),
            QueryNorm = headNorms ? Weights.Vector(Prefix + "attn_q_norm", Config.HeadDim) : null,
            KeyNorm = headNorms ? Weights.Vector(Prefix + "attn_k_norm", Config.HeadDim) : null,
            Window = window,
        };
    }

    /// <summary>SwiGLU feed-forward.</summary>
    public GatedFeedForward FeedForward()
    {
        var inner = Config.FeedForwardWidth;
        return new(On, Scratch)
        {
            GateUp = Weights.Linear(Config.Width, new(Prefix + "ffn_gate", inner), new(Prefix + "ffn_up", inner)),
            Down = Weights.Linear(inner, new LinearPart(Prefix + "ffn_down", Config.Width)),
        };
    }
}
