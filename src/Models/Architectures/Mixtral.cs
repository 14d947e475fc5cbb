using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>Mixtral (Jiang et al. 2024): Mistral with experts, of which each token goes to two.</summary>
/// <remarks>After transformers' <c>MixtralForCausalLM</c>; shares are the softmax over the chosen.</remarks>
internal sealed class Mixtral : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "mixtral";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) => build.PreNorm(
        build.Attention(window: build.Config.Window(build.Layer)), build.ExpertsOrFeedForward());
}
