namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Qwen3, the dense ones.</summary>
internal sealed class Qwen3Family : HuggingFaceFamily
{
    public override string ModelType => "qwen3";

    public override ModelConfig Configure(ConfigJson config) => Qwen2Family.Slide(
        config, DecoderConfig.Read(config, "qwen3", contextDefault: 32_768, headDimDefault: 128));
}
