using Minka.Models;

namespace Minka.Engine.Scheduling;

/// <summary>Limits and habits of the scheduler. Whatever is not set has a default that suits one small
/// machine.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Sequences that run at once.</summary>
    public int SequencesMax { get; init; } = 16;

    /// <summary>Tokens computed in one step, of all sequences together; at least <see cref="SequencesMax"/>.</summary>
    public int TokensPerStepMax { get; init; } = 512;

    /// <summary>Steps that an executor works on at once. Sequences that lack one token are dealt to so many steps,
    /// so that each stage of a pipeline has one to work on.</summary>
    public int StepsInFlight { get; init; } = 1;

    /// <summary>Tokens of one sequence computed in one step.</summary>
    public int ChunkTokensMax { get; init; } = int.MaxValue;

    /// <summary>Prompts that are computed in part at the same time.</summary>
    public int PartialPromptsMax { get; init; } = 2;

    /// <summary>Requests that wait; one more is refused.</summary>
    public int QueueMax { get; init; } = 1024;

    /// <summary>Rows of logits in one step; at least <see cref="SequencesMax"/>. More of them allow longer
    /// drafts.</summary>
    public int LogitRowsMax { get; init; } = 64;

    /// <summary>Positions of the longest sequence; the KV cache may allow less.</summary>
    public int ContextMax { get; init; } = 4096;

    /// <summary>Share of the blocks that admission leaves free for the sequences that already run.</summary>
    public double KvWatermark { get; init; } = 0.01;

    /// <summary>Whether equal prefixes share blocks, also after their sequences ended.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Prompts of more tokens share prefixes only with prompts of the same length; what runs the model says so
    /// (<see cref="Execution.ExecutorShape.SharedLengthMax"/>).</summary>
    public int SharedLengthMax { get; init; } = int.MaxValue;

    /// <summary>Model, adapter, KV type: prefixes are shared only under the same name.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Secret key of the prefix hashes.</summary>
    public UInt128 HashKey { get; init; }

    /// <summary>Tokens a key may use before the next key with waiting requests has its turn.</summary>
    public int FairnessQuantum { get; init; } = 512;

    /// <summary>A sequence that was preempted this often is spared until it produced
    /// <see cref="SparedTokens"/>.</summary>
    public int PreemptionsMax { get; init; } = 2;

    /// <summary>See <see cref="PreemptionsMax"/>.</summary>
    public int SparedTokens { get; init; } = 32;

    /// <summary>The largest step this scheduler can ask for: what a model must be built for.</summary>
    /// <param name="kvBlocks">Blocks of the KV cache.</param>
    public StepLimits StepLimits(int kvBlocks)
    {
        var blocksPerSequence = Math.Min(kvBlocks, KvCache.SequenceBlocks.For(ContextMax));
        return new(TokensPerStepMax, SequencesMax, LogitRowsMax, checked(SequencesMax * blocksPerSequence));
    }

    /// <summary>Checks the limits against each other.</summary>
    /// <exception cref="ArgumentException">They contradict each other.</exception>
    public void Validate()
    {
        Positive(SequencesMax, nameof(SequencesMax));
        Positive(StepsInFlight, nameof(StepsInFlight));
        Positive(ChunkTokensMax, nameof(ChunkTokensMax));
        Positive(PartialPromptsMax, nameof(PartialPromptsMax));
        Positive(QueueMax, nameof(QueueMax));
        Positive(ContextMax, nameof(ContextMax));
        Positive(FairnessQuantum, nameof(FairnessQuantum));
        if (TokensPerStepMax < SequencesMax)
            throw new ArgumentException($"{SequencesMax} sequences need a step of as many tokens; {TokensPerStepMax} "
                + "are allowed. Raise TokensPerStepMax or lower SequencesMax.");
        if (LogitRowsMax < SequencesMax)
            throw new ArgumentException($"{SequencesMax} sequences need as many rows of logits; {LogitRowsMax} are "
                + "allowed. Raise LogitRowsMax or lower SequencesMax.");
        if (!(KvWatermark is >= 0 and < 1))
            throw new ArgumentException($"KvWatermark is {KvWatermark}; a share of the blocks lies in [0, 1).");
    }

    private static void Positive(int value, string name)
    {
        if (value < 1) throw new ArgumentException($"{name} is {value}; at least 1 is needed.");
    }
}
