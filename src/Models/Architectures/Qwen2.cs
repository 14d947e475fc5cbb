using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases on q, k and v; some layers may slide.</summary>
/// <remarks>After transformers' <c>Qwen2ForCausalLM</c>.</remarks>
internal sealed class Qwen2 : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "qwen2";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) =>
        build.PreNorm(build.Attention(window: build.Config.Window(build.Layer)), build.FeedForward());
}
