using Minka.Engine.Constraints.Masks;
using Minka.Engine.Execution;
using Minka.Engine.KvCache;
using Minka.Engine.Sampling;
using Minka.Engine.Speculation;

namespace Minka.Engine.Scheduling;

/// <summary>One choice of one request inside the engine: its tokens, and how many of them are computed.</summary>
/// <remarks>
/// There are no phases. A sequence knows <see cref="Known"/> tokens, of which the first <see cref="Computed"/> have
/// keys and values in the cache; a step computes the next few. When none is missing, the model has said what comes
/// next, and the sequence knows one more. Only the engine's loop changes a sequence; an executor reads it.
/// <code>
/// tokens   [ prompt ........ | generated ... | drafts ]
///          0        Computed          Known    Known + DraftCount
/// </code>
/// </remarks>
public sealed class Sequence
{
    private int[] _tokens;

    /// <summary>Makes choice <paramref name="choice"/> of a request that was checked.</summary>
    /// <param name="id">Rises with arrival.</param>
    /// <param name="request">The request.</param>
    /// <param name="choice">From 0; below the request's Choices.</param>
    /// <param name="eosIds">The model's own ends of text.</param>
    /// <param name="lengthMax">Positions it may come to hold.</param>
    public Sequence(long id, GenerationRequest request, int choice, IReadOnlyList<int> eosIds, int lengthMax)
        : this(id, request, choice, eosIds, lengthMax, null) { }

    internal Sequence(
        long id, GenerationRequest request, int choice, IReadOnlyList<int> eosIds, int lengthMax,
        GrammarMasks? constraint)
    {
        Id = id;
        Request = request;
        Choice = choice;
        LengthMax = (int)Math.Min(lengthMax, (long)request.Prompt.Length + request.TokensMax);
        _tokens = request.Prompt.ToArray();
        Known = _tokens.Length;
        PromptLength = Known;
        StopIds = [.. request.IgnoreEos ? [] : eosIds, .. request.StopIds];
        Rules = new SamplingRules(request, StopIds, constraint, WantsPromptLogprobs);
        if (request.Embedding is { } embedding) Hidden = new(embedding.Pooling, PromptLength);
    }

    /// <summary>Order of arrival; choices of one request follow each other.</summary>
    public long Id { get; }

    /// <summary>What was asked for.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Which of the request's choices, from 0.</summary>
    public int Choice { get; }

    /// <summary>How its tokens are sampled.</summary>
    public SamplingRules Rules { get; }

    /// <summary>What of its rows of logits decides its next token, and all that is told of it.</summary>
    /// <param name="isDrawn">Whether a token is drawn from any of the rows, or they are measured only.</param>
    public LogitsNeeded LogitsNeeded(bool isDrawn) => isDrawn ? Rules.Needed.Drawn : Rules.Needed.Measured;

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>It ends with this many tokens at the latest.</summary>
    public int LengthMax { get; }

    /// <summary>Tokens of prompt and text.</summary>
    public int Known { get; private set; }

    /// <summary>Tokens whose keys and values are in the cache; at most <see cref="Known"/>.</summary>
    public int Computed { get; internal set; }

    /// <summary>Tokens that somebody guesses to follow; the next step may verify them.</summary>
    public int DraftCount { get; private set; }

    /// <summary>Prompt and text.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Known);

    /// <summary>Prompt, text and the guesses after it.</summary>
    public ReadOnlySpan<int> TokensAndDrafts => _tokens.AsSpan(0, Known + DraftCount);

    /// <summary>What was generated so far.</summary>
    internal ReadOnlySpan<int> Text => Tokens[PromptLength..];

    /// <summary>Tokens generated so far.</summary>
    public int Generated => Known - PromptLength;

    /// <summary>KV blocks, in order of position.</summary>
    public ReadOnlySpan<int> Blocks => Table.Blocks;

    /// <summary>Where it is in its life.</summary>
    public SequenceState State { get; internal set; }

    /// <summary>Why it ended.</summary>
    public FinishReason Finish { get; internal set; }

    /// <summary>Prompt tokens that the prefix cache already held when it first ran.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>How often it lost its blocks.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>Log-probabilities of the prompt's tokens, when asked for: entry i is about token i + 1.</summary>
    public IReadOnlyList<TokenLogprobs> PromptLogprobs => PromptLogprobList;

    /// <summary>The sum of its hidden states, when an embedding is wanted.</summary>
    internal PooledHidden? Hidden { get; }

    /// <summary>Why nothing could follow, for a sequence that failed.</summary>
    internal string? Failure { get; set; }

    /// <summary>Tokens that end it.</summary>
    internal int[] StopIds { get; }

    internal BlockTable Table { get; } = new();

    /// <summary>The chain's root, then the hash of every full block so far; filled when first asked for.</summary>
    internal List<UInt128> Hashes { get; } = [];

    internal List<TokenLogprobs> PromptLogprobList { get; } = [];

    /// <summary>Full blocks that were offered to the prefix index.</summary>
    internal int Published { get; set; }

    /// <summary>Choices that wait until this one has computed the prompt they share.</summary>
    internal List<Sequence> Followers { get; } = [];

    /// <summary>The choice whose prompt it may share.</summary>
    internal Sequence? Leader { get; set; }

    /// <summary>Part of a batch that is being executed.</summary>
    internal bool InFlight { get; set; }

    /// <summary>While <see cref="InFlight"/>: of what it lacks, tokens that this batch computes.</summary>
    internal int InFlightCount { get; set; }

    /// <summary>Ends at the next commit.</summary>
    internal FinishReason PendingFinish { get; set; }

    /// <summary>Its reader is slow: it takes no part in steps.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>Time on the scheduler's clock after which it ends.</summary>
    internal TimeSpan Deadline { get; set; } = TimeSpan.MaxValue;

    /// <summary><see cref="Known"/> when it was last preempted.</summary>
    internal int KnownAtPreemption { get; set; }

    /// <summary>How many guesses are worth a try.</summary>
    internal DraftLength DraftLength { get; } = new();

    /// <summary>Who reads its tokens; the scheduler never looks.</summary>
    internal Generation? Output { get; set; }

    /// <summary>Where its key pays.</summary>
    internal WaitingQueue.Account? Account { get; set; }

    internal int Priority => Request.Priority;

    /// <summary>Tokens to compute before the next one can be sampled.</summary>
    internal int Missing => Known - Computed;

    /// <summary>Whether every token must be computed, those that the prefix cache holds too.</summary>
    internal bool NeedsEveryToken => WantsPromptLogprobs || Hidden is { NeedsAll: true };

    internal bool WantsPromptLogprobs => Request.WantsPromptLogprobs && Choice == 0;

    /// <summary>Allocates what the sequence needs to reach its longest.</summary>
    internal void MakeRoom()
    {
        if (_tokens.Length < LengthMax) Array.Resize(ref _tokens, LengthMax);
        Hashes.EnsureCapacity(SequenceBlocks.For(LengthMax) + 1);
        Table.Reserve(SequenceBlocks.For(LengthMax));
    }

    internal void Append(int token) => _tokens[Known++] = token;

    /// <summary>Replaces the guesses by as many of <paramref name="drafts"/> as the longest length allows.</summary>
    internal void Draft(ReadOnlySpan<int> drafts)
    {
        // A draft may be accepted and followed by one more token, so that both must fit.
        DraftCount = Math.Clamp(LengthMax - Known - 1, 0, drafts.Length);
        drafts[..DraftCount].CopyTo(_tokens.AsSpan(Known));
    }

    internal void KeepDrafts(int count) => DraftCount = Math.Min(DraftCount, count);
}
