namespace Minka.Models.Loading.HuggingFace;

/// <summary>Reads what the <c>config.json</c> of every Llama-like family has in common.</summary>
internal static class DecoderConfig
{
    private const int WindowDefault = 4096;

    /// <param name="config">The file.</param>
    /// <param name="architecture">Name of the family.</param>
    /// <param name="contextDefault">transformers' <c>max_position_embeddings</c> of the family.</param>
    /// <param name="headDimDefault">Its <c>head_dim</c>, where that is not width / heads.</param>
    /// <param name="thetaDefault">Its <c>rope_theta</c>.</param>
    public static ModelConfig Read(
        ConfigJson config, string architecture, int contextDefault, int? headDimDefault = null,
        double thetaDefault = RopeJson.ThetaDefault)
    {
        RefuseOtherActivations(config);
        var width = config.Need("hidden_size");
        var heads = config.Need("num_attention_heads");
        var headDim = config.Integer("head_dim") ?? headDimDefault ?? width / Math.Max(heads, 1);
        var context = config.Integer("max_position_embeddings") ?? contextDefault;
        var rope = RopeJson.Read(config, headDim, context, thetaDefault);
        return new ModelConfig
        {
            Architecture = architecture,
            VocabularySize = config.Need("vocab_size"),
            Layers = config.Need("num_hidden_layers"),
            Width = width,
            FeedForwardWidth = config.Need("intermediate_size"),
            Heads = heads,
            KvHeads = config.Integer("num_key_value_heads") ?? heads,
            HeadDim = headDim,
            ContextLength = RopeJson.Reach(rope.Scaling, context),
            NormEpsilon = (float)(config.Number("rms_norm_eps") ?? 1e-6),
            Rope = rope,
            TiedEmbeddings = config.Flag("tie_word_embeddings") ?? false,
        };
    }

    /// <summary>The window of a family that has one unless its file says null.</summary>
    public static int Window(ConfigJson config) =>
        config.Integer("sliding_window") ?? (config.Names("sliding_window") ? 0 : WindowDefault);

    /// <summary>A window on some layers: those of <c>layer_types</c>, or else of <paramref name="slides"/>.</summary>
    /// <param name="config">The file.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="window">Tokens; 0 for none.</param>
    /// <param name="slides">Whether a layer slides.</param>
    public static IReadOnlyList<int> Windows(ConfigJson config, int layers, int window, Func<int, bool> slides)
    {
        if (window < 0)
            throw new ModelFormatException($"'{config.Path}' has a sliding window of {window}; 0 or more is needed.");
        var types = config.Texts("layer_types");
        if (types is not null && types.Length != layers)
            throw new ModelFormatException($"'{config.Path}' has {types.Length} layer_types for {layers} layers.");
        if (window == 0 || layers > FileLimits.Tensors) return [];

        int[] windows = [.. Enumerable.Range(0, layers).Select(layer => Slides(layer) ? window : 0)];
        return windows.Any(w => w > 0) ? windows : [];

        bool Slides(int layer) => types?[layer] switch
        {
            null => slides(layer),
            "sliding_attention" => true,
            "full_attention" => false,
            var other => throw new UnsupportedModelException($"layer type {other}",
                $"'{config.Path}' has layers of type '{other}'; Minka knows full_attention and sliding_attention."),
        };
    }

    private static void RefuseOtherActivations(ConfigJson config)
    {
        if (config.Text("hidden_act") is not (null or "silu" or "swish") and var activation)
            throw new UnsupportedModelException($"activation {activation}",
                $"'{config.Path}' computes its feed-forward with '{activation}'; this family needs silu.");
    }
}
