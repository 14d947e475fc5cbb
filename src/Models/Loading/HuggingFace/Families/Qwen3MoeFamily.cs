namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Qwen3's mixtures of experts.</summary>
internal sealed class Qwen3MoeFamily : HuggingFaceFamily
{
    private const int ExpertsDefault = 128, ActiveDefault = 8, WidthDefault = 768;

    private static readonly ExpertNames _names = new("mlp", Gate: "gate_proj", Up: "up_proj", Down: "down_proj");

    public override string ModelType => "qwen3_moe";

    /// <remarks>With <c>use_sliding_window</c> every layer slides, whatever <c>max_window_layers</c> says.</remarks>
    public override ModelConfig Configure(ConfigJson config)
    {
        var model = DecoderConfig.Read(config, "qwen3_moe", contextDefault: 32_768);
        var window = config.Flag("use_sliding_window") == true ? DecoderConfig.Window(config) : 0;
        var experts = Experts(config, model.Layers);
        return model with
        {
            FeedForwardWidth = experts is { Count: > 0, DenseLayers.Count: 0 } ? 0 : model.FeedForwardWidth,
            Experts = experts,
            Windows = DecoderConfig.Windows(config, model.Layers, window, slides: _ => true),
        };
    }

    public override string? TensorName(string weight) => _names.Find(weight);

    /// <summary>Every <c>decoder_sparse_step</c>-th layer has experts, but those of <c>mlp_only_layers</c>.</summary>
    private static ExpertsConfig Experts(ConfigJson config, int layers)
    {
        var step = config.Integer("decoder_sparse_step") ?? 1;
        if (step < 1)
            throw new ModelFormatException($"'{config.Path}' has the decoder_sparse_step {step}; 1 or more is needed.");
        var dense = config.Integers("mlp_only_layers").ToHashSet();
        int[] denseLayers = layers > ConfigRules.LayersMax
            ? []
            : [.. Enumerable.Range(0, Math.Max(0, layers)).Where(i => dense.Contains(i) || (i + 1) % step != 0)];
        return new ExpertsConfig
        {
            Count = config.Integer("num_experts") ?? ExpertsDefault,
            Active = config.Integer("num_experts_per_tok") ?? ActiveDefault,
            Width = config.Integer("moe_intermediate_size") ?? WidthDefault,
            IsNormalized = config.Flag("norm_topk_prob") ?? false,
            DenseLayers = denseLayers,
        };
    }
}
