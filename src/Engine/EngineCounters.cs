using Minka.Engine.Scheduling;

namespace Minka.Engine;

/// <summary>What the engine did and does; may be read at any time from any thread.</summary>
public sealed class EngineCounters
{
    private long _steps, _computed, _generated, _cached, _prompt, _preemptions, _lostSteps, _drafted, _accepted;
    private int _running, _waiting, _usedBlocks;

    /// <summary>Steps run.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Tokens computed, drafts and recomputed ones included.</summary>
    public long ComputedTokens => Volatile.Read(ref _computed);

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens => Volatile.Read(ref _generated);

    /// <summary>Tokens of all prompts that ended.</summary>
    public long PromptTokens => Volatile.Read(ref _prompt);

    /// <summary>Of <see cref="PromptTokens"/>, those found in the prefix cache.</summary>
    public long CachedTokens => Volatile.Read(ref _cached);

    /// <summary>Sequences that gave their blocks back and were computed again.</summary>
    public long Preemptions => Volatile.Read(ref _preemptions);

    /// <summary>Steps that an executor lost.</summary>
    public long LostSteps => Volatile.Read(ref _lostSteps);

    /// <summary>Tokens guessed.</summary>
    public long DraftedTokens => Volatile.Read(ref _drafted);

    /// <summary>Of <see cref="DraftedTokens"/>, those that were right.</summary>
    public long AcceptedTokens => Volatile.Read(ref _accepted);

    /// <summary>Sequences that run.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Sequences that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>KV blocks that sequences hold.</summary>
    public int UsedBlocks => Volatile.Read(ref _usedBlocks);

    // One thread writes; readers see each number whole.
    internal void AddStep(int computed, int generated)
    {
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _computed, _computed + computed);
        Volatile.Write(ref _generated, _generated + generated);
    }

    internal void AddEnded(Sequence sequence)
    {
        Volatile.Write(ref _preemptions, _preemptions + sequence.Preemptions);
        // The choices of a request share one prompt, which counts once.
        if (sequence.Choice > 0) return;
        Volatile.Write(ref _prompt, _prompt + sequence.PromptLength);
        Volatile.Write(ref _cached, _cached + sequence.CachedTokens);
    }

    internal void AddDrafts(int drafted, int accepted)
    {
        Volatile.Write(ref _drafted, _drafted + drafted);
        Volatile.Write(ref _accepted, _accepted + accepted);
    }

    internal void AddLostStep() => Volatile.Write(ref _lostSteps, _lostSteps + 1);

    internal void SetLoad(int running, int waiting, int usedBlocks)
    {
        Volatile.Write(ref _running, running);
        Volatile.Write(ref _waiting, waiting);
        Volatile.Write(ref _usedBlocks, usedBlocks);
    }
}
