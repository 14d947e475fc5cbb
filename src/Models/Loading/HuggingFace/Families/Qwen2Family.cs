namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Qwen2 and Qwen2.5.</summary>
internal sealed class Qwen2Family : HuggingFaceFamily
{
    private const int FirstSlidingLayerDefault = 28;

    public override string ModelType => "qwen2";

    public override ModelConfig Configure(ConfigJson config) =>
        Slide(config, DecoderConfig.Read(config, "qwen2", contextDefault: 32_768));

    /// <summary>Only with <c>use_sliding_window</c> do layers slide: those from <c>max_window_layers</c> on.</summary>
    public static ModelConfig Slide(ConfigJson config, ModelConfig model)
    {
        var window = config.Flag("use_sliding_window") == true ? DecoderConfig.Window(config) : 0;
        var first = config.Integer("max_window_layers") ?? FirstSlidingLayerDefault;
        return model with
        {
            Windows = DecoderConfig.Windows(config, model.Layers, window, slides: layer => layer >= first),
        };
    }
}
