using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>Mistral 7B (Jiang et al. 2023): Llama whose layers see a sliding window of tokens.</summary>
/// <remarks>After transformers' <c>MistralForCausalLM</c>.</remarks>
internal sealed class Mistral : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "mistral";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) =>
        build.PreNorm(build.Attention(window: build.Config.Window(build.Layer)), build.FeedForward());
}
