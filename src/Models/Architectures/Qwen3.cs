using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>Qwen3 (Yang et al. 2025): Llama with an RMS norm on each query and key head before it rotates.</summary>
/// <remarks>After transformers' <c>Qwen3ForCausalLM</c>.</remarks>
internal sealed class Qwen3 : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "qwen3";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) => build.PreNorm(
        build.Attention(window: build.Config.Window(build.Layer), headNorms: true), build.FeedForward());
}
