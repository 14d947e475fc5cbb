using System.Runtime.InteropServices;
using Minka.Engine.Sampling;

namespace Minka.Engine.Scheduling;

/// <summary>The next tokens of one sequence to compute.</summary>
/// <param name="Sequence">Whose tokens.</param>
/// <param name="Start">Tokens of the sequence that are computed already.</param>
/// <param name="Count">Tokens to compute, drafts included.</param>
/// <param name="SampleRows">Of the last tokens, how many are followed by a sampled one: 0, or 1 and one per
/// draft.</param>
/// <param name="LogitRows">Of the last tokens, how many want logits; at least <paramref name="SampleRows"/>.</param>
public readonly record struct Chunk(Sequence Sequence, int Start, int Count, int SampleRows, int LogitRows);

/// <summary>A KV block to copy over another before the step runs.</summary>
/// <param name="Source">Block that is kept.</param>
/// <param name="Target">Block that is overwritten.</param>
public readonly record struct BlockCopy(int Source, int Target);

/// <summary>One step: the chunks to compute, and what came of them.</summary>
/// <remarks>The scheduler fills it, an executor adds the sampled tokens, the scheduler commits it. Reused.</remarks>
public sealed class Batch
{
    private readonly List<Chunk> _chunks;
    private readonly List<BlockCopy> _copies;
    private readonly Outcome[] _outcomes;
    private readonly int[] _sampled;
    private readonly TokenLogprobs?[] _logprobs;
    private readonly int[] _forced;

    /// <summary>Tokens that a chunk may be followed by without a choice.</summary>
    internal const int ForcedMax = 16;

    private struct Outcome
    {
        public int First, Count, Forced;
        public string? Failure;
    }

    /// <summary>Makes room for the largest step.</summary>
    /// <param name="options">Limits of the scheduler.</param>
    public Batch(SchedulerOptions options)
    {
        _chunks = new(options.SequencesMax);
        _copies = new(options.SequencesMax);
        _outcomes = new Outcome[options.SequencesMax];
        _sampled = new int[options.LogitRowsMax];
        _forced = new int[options.SequencesMax * ForcedMax];
        _logprobs = new TokenLogprobs?[options.LogitRowsMax];
    }

    /// <summary>What to compute; no sequence twice.</summary>
    public ReadOnlySpan<Chunk> Chunks => CollectionsMarshal.AsSpan(_chunks);

    /// <summary>Blocks to copy first, in order.</summary>
    public ReadOnlySpan<BlockCopy> Copies => CollectionsMarshal.AsSpan(_copies);

    /// <summary>Tokens to compute.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Rows of logits that the chunks want.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>Nothing to compute.</summary>
    public bool IsEmpty => _chunks.Count == 0;

    /// <summary>Records the next token sampled for a chunk; at most its SampleRows.</summary>
    public void AddSampled(int chunk, int token, TokenLogprobs? logprobs = null)
    {
        ref var outcome = ref _outcomes[chunk];
        if (outcome.Count >= _chunks[chunk].SampleRows)
            throw Bug.Found($"Chunk {chunk} samples {_chunks[chunk].SampleRows} tokens and got one more.");
        var at = outcome.First + outcome.Count++;
        _sampled[at] = token;
        _logprobs[at] = logprobs;
    }

    /// <summary>Records a token after the sampled ones that a constraint leaves no choice about.</summary>
    /// <returns>False when there is no room for it; it will be sampled instead.</returns>
    public bool TryAddForced(int chunk, int token)
    {
        ref var outcome = ref _outcomes[chunk];
        if (outcome.Forced == ForcedMax) return false;
        _forced[chunk * ForcedMax + outcome.Forced++] = token;
        return true;
    }

    /// <summary>Tokens that follow the sampled ones without a choice.</summary>
    public ReadOnlySpan<int> Forced(int chunk) => _forced.AsSpan(chunk * ForcedMax, _outcomes[chunk].Forced);

    /// <summary>Records that no token can follow: every one is forbidden, or the logits are not numbers.</summary>
    /// <param name="chunk">Which chunk.</param>
    /// <param name="reason">Why, in a sentence for who asked.</param>
    public void Fail(int chunk, string reason) => _outcomes[chunk].Failure = reason;

    /// <summary>Tokens sampled for a chunk, in order.</summary>
    public ReadOnlySpan<int> Sampled(int chunk) => _sampled.AsSpan(_outcomes[chunk].First, _outcomes[chunk].Count);

    /// <summary>Log-probabilities of the sampled tokens of a chunk, where asked for.</summary>
    public ReadOnlySpan<TokenLogprobs?> Logprobs(int chunk) =>
        _logprobs.AsSpan(_outcomes[chunk].First, _outcomes[chunk].Count);

    /// <summary>Why sampling failed for a chunk; null when it did not.</summary>
    public string? Failure(int chunk) => _outcomes[chunk].Failure;

    internal void Clear()
    {
        _chunks.Clear();
        _copies.Clear();
        TokenCount = 0;
        LogitRowCount = 0;
    }

    internal void Add(in Chunk chunk)
    {
        _chunks.Add(chunk);
        TokenCount += chunk.Count;
        LogitRowCount += chunk.LogitRows;
    }

    internal void AddCopy(BlockCopy copy) => _copies.Add(copy);

    /// <summary>Takes a sequence's chunk out again; there may be none.</summary>
    internal void Remove(Sequence sequence)
    {
        for (var i = 0; i < _chunks.Count; i++)
        {
            if (_chunks[i].Sequence != sequence) continue;
            TokenCount -= _chunks[i].Count;
            LogitRowCount -= _chunks[i].LogitRows;
            _chunks.RemoveAt(i);
            return;
        }
    }

    /// <summary>Assigns each chunk its part of the results; no chunk is added afterwards.</summary>
    internal void Seal()
    {
        var first = 0;
        for (var i = 0; i < _chunks.Count; i++)
        {
            _outcomes[i] = new() { First = first };
            first += _chunks[i].SampleRows;
        }
    }
}
