namespace Minka.Engine;

/// <summary>The engine at one moment, for metrics and routing. Totals never fall.</summary>
public readonly record struct EngineSnapshot
{
    /// <summary>Sequences that hold blocks and take part in steps.</summary>
    public int Running { get; init; }

    /// <summary>Sequences that wait for a place, those in the inbox included.</summary>
    public int Waiting { get; init; }

    /// <summary>Sequences that may wait; one more is refused.</summary>
    public int QueueMax { get; init; }

    /// <summary>KV blocks that sequences hold.</summary>
    public int UsedBlocks { get; init; }

    /// <summary>Steps that are on their way; more than one only on a pipeline of several stages.</summary>
    public int StepsInFlight { get; init; }

    /// <summary>KV blocks in all.</summary>
    public int TotalBlocks { get; init; }

    /// <summary>Share of the KV blocks that sequences hold, 0 to 1.</summary>
    public double KvUsage => TotalBlocks == 0 ? 0 : (double)UsedBlocks / TotalBlocks;

    /// <summary>Steps run.</summary>
    public long Steps { get; init; }

    /// <summary>Time in which steps were run: the rest the engine was idle or waited for readers.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>Tokens computed, guesses and recomputed ones included.</summary>
    public long ComputedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Prompt tokens of all requests that ran: what the prefix cache was asked for.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Of <see cref="PromptTokens"/>, those that the prefix cache held.</summary>
    public long CachedTokens { get; init; }

    /// <summary>How often a sequence gave its blocks back and was computed again.</summary>
    public long Preemptions { get; init; }

    /// <summary>Steps that an executor lost.</summary>
    public long LostSteps { get; init; }

    /// <summary>Steps by their size in tokens: entry i counts those of at most bound i of
    /// <see cref="EngineCounters.StepSizeBounds"/> and above the one before; the last entry those above all.</summary>
    public IReadOnlyList<long> StepSizes { get => field ?? []; init; }

    /// <summary>How often tokens were guessed for a sequence and verified.</summary>
    public long Drafts { get; init; }

    /// <summary>Tokens guessed.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Of <see cref="DraftedTokens"/>, those that were right.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>Entry i: how often guess i of a sequence was right, from 0; as many as were ever made at
    /// once.</summary>
    public IReadOnlyList<long> AcceptedByPosition { get => field ?? []; init; }
}
