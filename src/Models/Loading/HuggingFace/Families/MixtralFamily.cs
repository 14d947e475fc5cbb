namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Mixtral: every layer has experts, and slides only where <c>sliding_window</c> is a number.</summary>
internal sealed class MixtralFamily : HuggingFaceFamily
{
    private const int ExpertsDefault = 8, ActiveDefault = 2;

    private static readonly ExpertNames _names = new("block_sparse_moe", Gate: "w1", Up: "w3", Down: "w2");

    public override string ModelType => "mixtral";

    public override ModelConfig Configure(ConfigJson config)
    {
        var model = DecoderConfig.Read(config, "mixtral", contextDefault: 131_072, thetaDefault: 1e6);
        var window = config.Integer("sliding_window") ?? 0;
        return model with
        {
            FeedForwardWidth = 0,
            Experts = new ExpertsConfig
            {
                Count = config.Integer("num_local_experts") ?? ExpertsDefault,
                Active = config.Integer("num_experts_per_tok") ?? ActiveDefault,
                Width = model.FeedForwardWidth,
                IsNormalized = true,
            },
            Windows = DecoderConfig.Windows(config, model.Layers, window, slides: _ => true),
        };
    }

    public override string? TensorName(string weight) => _names.Find(weight);
}
