namespace Minka.Engine.Scheduling;

/// <summary>Where a sequence is in its life; drawn in <c>docs/engine.md</c>.</summary>
public enum SequenceState
{
    /// <summary>Waits for a place in a batch; holds no blocks.</summary>
    Queued,

    /// <summary>Holds blocks and takes part in steps.</summary>
    Running,

    /// <summary>Holds no blocks and waits for its reader, which is slow.</summary>
    Parked,

    /// <summary>Ended; holds nothing.</summary>
    Ended,
}
