using Minka.Engine.Scheduling;

namespace Minka.Engine;

/// <summary>What the engine did and does; may be read at any time from any thread.</summary>
public sealed class EngineCounters
{
    private long _stepTicks, _steps, _computed, _generated, _cached, _prompt, _preemptions, _lostSteps, _drafted;
    private long _accepted, _drafts;
    private readonly long[] _acceptedByPosition = new long[PositionsMax];
    private readonly long[] _stepSizes = new long[StepSizeBounds.Length + 1];
    private int _running, _waiting, _usedBlocks, _stepsInFlight, _positions;

    // More guesses than this nobody makes at once.
    private const int PositionsMax = 64;

    /// <summary>Upper bounds of the sizes of steps that are counted together, in tokens.</summary>
    public static ReadOnlySpan<int> StepSizeBounds =>
        [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    /// <summary>Time in which steps were run.</summary>
    public TimeSpan StepTime => new(Volatile.Read(ref _stepTicks));

    /// <summary>Steps run.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Tokens computed, drafts and recomputed ones included.</summary>
    public long ComputedTokens => Volatile.Read(ref _computed);

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens => Volatile.Read(ref _generated);

    /// <summary>Tokens of all prompts that ran; the choices of a request share one.</summary>
    public long PromptTokens => Volatile.Read(ref _prompt);

    /// <summary>Of <see cref="PromptTokens"/>, those found in the prefix cache.</summary>
    public long CachedTokens => Volatile.Read(ref _cached);

    /// <summary>Sequences that gave their blocks back and were computed again.</summary>
    public long Preemptions => Volatile.Read(ref _preemptions);

    /// <summary>Steps that an executor lost.</summary>
    public long LostSteps => Volatile.Read(ref _lostSteps);

    /// <summary>How often tokens were guessed for a sequence and verified.</summary>
    public long Drafts => Volatile.Read(ref _drafts);

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

    /// <summary>Steps that are on their way; more than one only where an executor takes several.</summary>
    public int StepsInFlight => Volatile.Read(ref _stepsInFlight);

    // One thread writes; readers see each number whole.
    internal void AddStep(int computed, int generated, TimeSpan time)
    {
        Volatile.Write(ref _stepTicks, _stepTicks + time.Ticks);
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _computed, _computed + computed);
        Volatile.Write(ref _generated, _generated + generated);
        var size = StepSizeBounds.BinarySearch(computed);
        ref var count = ref _stepSizes[size >= 0 ? size : ~size];
        Volatile.Write(ref count, count + 1);
    }

    internal void AddDrafts(int drafted, int accepted)
    {
        if (drafted == 0) return;
        Volatile.Write(ref _drafts, _drafts + 1);
        Volatile.Write(ref _drafted, _drafted + drafted);
        Volatile.Write(ref _accepted, _accepted + accepted);
        for (var i = 0; i < Math.Min(accepted, PositionsMax); i++)
            Volatile.Write(ref _acceptedByPosition[i], _acceptedByPosition[i] + 1);
        Volatile.Write(ref _positions, Math.Max(_positions, Math.Min(drafted, PositionsMax)));
    }

    internal void SetStepsInFlight(int count) => Volatile.Write(ref _stepsInFlight, count);

    /// <summary>Entry i: how often guess i of a sequence was right; as many as were ever made at once.</summary>
    internal long[] AcceptedByPosition() => _acceptedByPosition[..Volatile.Read(ref _positions)];

    /// <summary>Steps by size, one entry more than <see cref="StepSizeBounds"/>.</summary>
    internal long[] StepSizes() => [.. _stepSizes];

    internal void AddLostStep() => Volatile.Write(ref _lostSteps, _lostSteps + 1);

    internal void SetLoad(Scheduler scheduler)
    {
        Volatile.Write(ref _running, scheduler.RunningCount);
        Volatile.Write(ref _waiting, scheduler.WaitingCount);
        Volatile.Write(ref _usedBlocks, scheduler.UsedBlocks);
        Volatile.Write(ref _prompt, scheduler.PromptTokens);
        Volatile.Write(ref _cached, scheduler.CachedTokens);
        Volatile.Write(ref _preemptions, scheduler.Preemptions);
    }
}
