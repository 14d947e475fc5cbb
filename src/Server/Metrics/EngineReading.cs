using Minka.Engine;

namespace Minka.Server.Metrics;

/// <summary>One look at an engine: its sums since it began, and what it holds now.</summary>
internal readonly record struct EngineReading
{
    /// <summary>Batches run.</summary>
    public long Steps { get; init; }

    /// <summary>Steps that were lost and run again.</summary>
    public long LostSteps { get; init; }

    /// <summary>Tokens computed, drafts and recomputed ones included.</summary>
    public long ComputedTokens { get; init; }

    /// <summary>Tokens of prompts.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Of those, found in the prefix cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Sequences that gave their blocks back.</summary>
    public long Preemptions { get; init; }

    /// <summary>Tokens guessed ahead.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Of those, right.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>Sequences that run now.</summary>
    public int Running { get; init; }

    /// <summary>Sequences that wait now.</summary>
    public int Waiting { get; init; }

    /// <summary>KV blocks that sequences hold now.</summary>
    public int UsedBlocks { get; init; }

    /// <summary>KV blocks in all.</summary>
    public int Blocks { get; init; }

    /// <summary>Held KV blocks as a fraction of all, 0 to 1.</summary>
    public double KvUsage => (double)UsedBlocks / Math.Max(1, Blocks);

    /// <summary>Reads an engine's counters.</summary>
    /// <param name="counters">The counters.</param>
    /// <param name="blocks">Blocks of its KV cache.</param>
    public static EngineReading Of(EngineCounters counters, int blocks) => new()
    {
        Steps = counters.Steps,
        LostSteps = counters.LostSteps,
        ComputedTokens = counters.ComputedTokens,
        PromptTokens = counters.PromptTokens,
        CachedTokens = counters.CachedTokens,
        GeneratedTokens = counters.GeneratedTokens,
        Preemptions = counters.Preemptions,
        DraftedTokens = counters.DraftedTokens,
        AcceptedTokens = counters.AcceptedTokens,
        Running = counters.Running,
        Waiting = counters.Waiting,
        UsedBlocks = counters.UsedBlocks,
        Blocks = blocks,
    };
}
