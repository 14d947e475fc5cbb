namespace Minka.Models;

/// <summary>A decoder with its KV cache, or one rank's share of both.</summary>
public interface ICausalModel : IDisposable
{
    /// <summary>Hyperparameters.</summary>
    ModelConfig Config { get; }

    /// <summary>The largest step it was built for.</summary>
    StepLimits Limits { get; }

    /// <summary>Blocks of the KV cache, of 16 positions each.</summary>
    int KvBlocks { get; }

    /// <summary>What it holds and what one token costs, in bytes.</summary>
    ModelMemory Memory { get; }

    /// <summary>
    /// The head's rows that it holds, which are the columns of its logits; empty before the last stage.
    /// </summary>
    Range Vocabulary => ..Config.VocabularySize;

    /// <summary>
    /// The residual stream of a step, <c>[tokens, D]</c>: what a stage after the first is given before
    /// <see cref="Forward"/>, and what one before the last leaves behind.
    /// </summary>
    /// <exception cref="NotSupportedException">The model is not made of stages.</exception>
    Span<float> Hidden(int tokens) =>
        throw new NotSupportedException($"{GetType().Name} has no stages, so it shows no residual stream.");

    /// <summary>
    /// Runs one step: computes every token of <paramref name="input"/> and stores its keys and values.
    /// </summary>
    /// <param name="input">At most <see cref="Limits"/>.</param>
    /// <param name="logits">
    /// Filled with <c>[LogitCount, V]</c>, where V are the rows of <see cref="Vocabulary"/>.
    /// </param>
    void Forward(ForwardInput input, Span<float> logits);

    /// <summary>
    /// Where the largest logit of each row of the last step is (<see cref="Logits.IndexOfLargest"/>), when that was
    /// wanted and found on the way, by the cores that computed the rows; otherwise empty.
    /// </summary>
    ReadOnlySpan<int> Largest => [];

    /// <summary>Copies a block of keys and values in every layer, for copy-on-write.</summary>
    void CopyKvBlock(int source, int target);

    /// <summary>
    /// Shown every layer's input and the final norm's output; for tests and embeddings. Null costs nothing.
    /// </summary>
    HiddenProbe? Probe { get; set; }
}

/// <summary>
/// Sees the residual stream: <paramref name="layer"/> 0 is what enters layer 0, L what leaves the final norm.
/// </summary>
/// <param name="layer">Layers run so far.</param>
/// <param name="hidden"><c>[T, D]</c>.</param>
public delegate void HiddenProbe(int layer, ReadOnlySpan<float> hidden);

/// <summary>Where a model's memory goes.</summary>
/// <param name="WeightBytes">All weights, packed.</param>
/// <param name="DecodeBytes">Weights that decoding one token reads; of experts the mean.</param>
/// <param name="KvBlockBytes">One KV block over all layers.</param>
/// <param name="KvBytes">The whole KV cache.</param>
/// <param name="ScratchBytes">Activations.</param>
public sealed record ModelMemory(
    long WeightBytes, long DecodeBytes, long KvBlockBytes, long KvBytes, long ScratchBytes);
