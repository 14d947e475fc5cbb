namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Mistral: every layer slides, unless <c>sliding_window</c> is null.</summary>
internal sealed class MistralFamily : HuggingFaceFamily
{
    public override string ModelType => "mistral";

    public override ModelConfig Configure(ConfigJson config)
    {
        var model = DecoderConfig.Read(config, "mistral", contextDefault: 131_072);
        var window = DecoderConfig.Window(config);
        return model with { Windows = DecoderConfig.Windows(config, model.Layers, window, slides: _ => true) };
    }
}
