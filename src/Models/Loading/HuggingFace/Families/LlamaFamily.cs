namespace Minka.Models.Loading.HuggingFace.Families;

/// <summary>Llama 1 to 3 and what is built like it: SmolLM2, MiniMind, Yi, DeepSeek's dense models…</summary>
internal sealed class LlamaFamily : HuggingFaceFamily
{
    public override string ModelType => "llama";

    public override ModelConfig Configure(ConfigJson config) =>
        DecoderConfig.Read(config, "llama", contextDefault: 2048);
}
