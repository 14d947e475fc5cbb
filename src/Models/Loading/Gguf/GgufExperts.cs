namespace Minka.Models.Loading.Gguf;

/// <summary>What the metadata of a GGUF file says about experts, and what of it is not built.</summary>
internal static class GgufExperts
{
    /// <summary>ggml's number of a softmax over the scores; 0 leaves it to the architecture.</summary>
    private const int SoftmaxGating = 1;

    /// <param name="config">Reads the keys.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="routers">Names of the tensors there are.</param>
    /// <exception cref="UnsupportedModelException">The experts are used in a way that is not built.</exception>
    public static ExpertsConfig Read(GgufConfig config, int layers, IReadOnlySet<string> routers)
    {
        if (config.Optional("expert_count", 0) == 0) return ExpertsConfig.None;
        config.Refuse("expert_shared_count", "shared experts");
        config.Refuse("expert_shared_feed_forward_length", "shared experts");
        config.Refuse("expert_group_count", "experts chosen by groups", allowed: 1);
        if (config.Optional("expert_gating_func", SoftmaxGating) is not (0 or SoftmaxGating) and var gating)
            throw config.Unsupported($"expert gating {gating}", "expert_gating_func", gating);
        if (config.Optional("expert_weights_scale", 1) is not (0 or 1) and var scale)
            throw config.Unsupported("scaled expert shares", "expert_weights_scale", scale);
        return new ExpertsConfig
        {
            Count = config.Need("expert_count"),
            Active = config.Need("expert_used_count"),
            Width = config.Need(config.Has("expert_feed_forward_length")
                ? "expert_feed_forward_length"
                : "feed_forward_length"),
            IsNormalized = config.Flag("expert_weights_norm") ?? true,
            DenseLayers = layers > ConfigRules.LayersMax
                ? []
                : [.. Enumerable.Range(0, layers).Where(i => !routers.Contains($"blk.{i}.ffn_gate_inp.weight"))],
        };
    }
}
