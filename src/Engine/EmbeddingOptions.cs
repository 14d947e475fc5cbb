using Minka.Engine.Execution;

namespace Minka.Engine;

/// <summary>Asks for a vector that stands for the prompt, instead of a text.</summary>
/// <param name="Pooling">How the hidden states after the final norm become one vector.</param>
/// <param name="IsNormalized">Whether the vector's length becomes 1, so that products compare directions.</param>
public sealed record EmbeddingOptions(EmbeddingPooling Pooling = EmbeddingPooling.Mean, bool IsNormalized = true);
