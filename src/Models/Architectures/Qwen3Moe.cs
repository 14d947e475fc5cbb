using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>Qwen3's mixtures (Yang et al. 2025): Qwen3 with many narrow experts in all layers or in some.</summary>
/// <remarks>After transformers' <c>Qwen3MoeForCausalLM</c>; no expert is shared.</remarks>
internal sealed class Qwen3Moe : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "qwen3_moe";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) => build.PreNorm(
        build.Attention(window: build.Config.Window(build.Layer), headNorms: true), build.ExpertsOrFeedForward());
}
