using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>
/// Llama 1 to 3 (Touvron et al. 2023, Grattafiori et al. 2024): RMS norm before each branch, grouped-query attention
/// with rotary positions, SwiGLU.
/// </summary>
/// <remarks>After transformers' <c>LlamaForCausalLM</c>; biases are used where the file has them.</remarks>
internal sealed class Llama : IArchitecture
{
    /// <inheritdoc/>
    public string Name => "llama";

    /// <inheritdoc/>
    public IDecoderBlock Block(BlockBuilder build) => build.PreNorm(build.Attention(), build.FeedForward());
}
