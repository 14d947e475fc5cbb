using Minka.Cluster.Metrics;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Cluster;

/// <summary>A step that was sent to the ranks: what they will send back, in which order.</summary>
/// <param name="lane">Which of the steps that are on their way at once.</param>
/// <param name="limits">The largest step.</param>
/// <param name="stages">Stages of the pipeline.</param>
/// <param name="width">D, for embeddings; 0 where nothing is pooled.</param>
internal sealed class StepFlight(int lane, StepLimits limits, int stages, int width)
{
    /// <summary>Of each row of logits, what was asked for.</summary>
    public LogitRow[] Asked { get; } = new LogitRow[limits.LogitRows];

    /// <summary>Sums of hidden states that will come.</summary>
    public StepPooling Pooling { get; } = new(limits, width);

    /// <summary>Rows of logits of each piece.</summary>
    public int[] RowsOf { get; } = new int[StepPieces.CountMax(stages)];

    /// <summary>Pieces that the step was cut into.</summary>
    public int Pieces { get; private set; }

    /// <summary>Rows of logits.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether not all logits of some row were asked for.</summary>
    public bool IsNarrow { get; private set; }

    /// <summary>Whether it was asked what some row adds up to.</summary>
    public bool HasSums { get; private set; }

    /// <summary>The step, when it is an engine's.</summary>
    public Batch? Batch { get; private set; }

    /// <summary>What constraints allow next is being found out; nothing may change before.</summary>
    public Task Prepared { get; private set; } = Task.CompletedTask;

    /// <summary>Measures it.</summary>
    public RankMeter.StepMeter Meter { get; private set; }

    /// <summary>Begins a step.</summary>
    public void Begin(Batch? batch, Task prepared, ForwardInput input, int pieces, RankMeter meter)
    {
        (Batch, Prepared, Rows, Pieces) = (batch, prepared, input.LogitCount, pieces);
        (IsNarrow, HasSums) = (false, false);
        Meter = meter.Begin(input.TokenCount, lane);
    }

    /// <summary>Notes what one piece asks for.</summary>
    /// <param name="piece">Which piece.</param>
    /// <param name="row">Its first row.</param>
    /// <param name="asked">Of each of its rows.</param>
    public void Ask(int piece, int row, ReadOnlySpan<LogitRow> asked)
    {
        asked.CopyTo(Asked.AsSpan(row));
        RowsOf[piece] = asked.Length;
        foreach (var one in asked)
        {
            IsNarrow |= one.Largest > 0;
            HasSums |= one.HasSum;
        }
    }
}
