using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>
/// Cuts a step of several sequences into one part for each core, which goes through all layers on its own: the cores
/// neither wait for each other nor exchange numbers, but each of them reads all weights.
/// </summary>
/// <remarks>Which core computes a row changes no bit of it.</remarks>
internal sealed class MicroBatches : IDisposable
{
    /// <summary>Fewest tokens of a part: what one token reads of the weights must serve several.</summary>
    public const int PartMin = 2;

    /// <summary>Most tokens of a part; in longer ones the waiting between cores is little.</summary>
    public const int PartMax = 16;

    private readonly IReadOnlyList<IBackend> _cores;
    private readonly Scratch[] _scratch;
    private readonly ForwardInput[] _inputs;

    /// <param name="cores">Each computes a part.</param>
    /// <param name="config">The model.</param>
    /// <param name="limits">The largest step.</param>
    public MicroBatches(IReadOnlyList<IBackend> cores, ModelConfig config, StepLimits limits)
    {
        var most = PartOf(limits);
        _cores = cores;
        _scratch = [.. cores.Select(core => new Scratch(core, config, most, config.VocabularySize))];
        _inputs = [.. cores.Select(_ => new ForwardInput(most))];
    }

    /// <summary>Parts of a step.</summary>
    public int Count => _cores.Count;

    /// <summary>Tokens of the longest step that may be cut.</summary>
    public int TokensMax => Count * PartMax;

    /// <summary>Memory of their activations.</summary>
    public long Bytes => _scratch.Sum(scratch => scratch.Bytes);

    /// <summary>What <see cref="Bytes"/> will be with so many cores.</summary>
    public static long BytesOf(int cores, ModelConfig config, StepLimits limits) =>
        cores * Scratch.BytesOf(config, PartOf(limits), config.VocabularySize);

    private static StepLimits PartOf(StepLimits limits) => new(PartMax, PartMax, PartMax, limits.TableBlocks);

    /// <summary>A part of the step that was cut last.</summary>
    public Step this[int part] => new(_inputs[part], _cores[part], _scratch[part]);

    /// <summary>Cuts a step between sequences, where its parts come out about equally long and not too long.</summary>
    /// <returns>Whether it was cut.</returns>
    public bool TryCut(ForwardInput input)
    {
        var tokens = input.TokenCount;
        if (tokens < Count * PartMin || tokens > TokensMax) return false;

        // A quarter more than its share: no core works much longer than the others.
        var share = (tokens + Count - 1) / Count;
        var most = Math.Min(PartMax, Math.Max(share, 5 * tokens / (4 * Count)));
        var starts = input.RowStarts;
        for (int part = 0, next = 0; part < Count; part++)
        {
            var (first, end) = (next, tokens * (part + 1) / Count);
            while (next < input.SequenceCount && starts[next] + starts[next + 1] <= 2 * end) next++;
            var length = starts[next] - starts[first];
            if (length < PartMin || length > most) return false;
            _inputs[part].Clear();
            for (var s = first; s < next; s++) _inputs[part].AddSequence(input, s);
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_scratch, scratch => scratch.Dispose());
}
