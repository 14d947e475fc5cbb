using Minka.Models;

namespace Minka.Cluster;

/// <summary>
/// Cuts a large step into pieces that follow each other through the stages, so that no stage waits for long.
/// </summary>
/// <remarks>
/// A step of T tokens in n pieces takes (n + stages - 1) / n of the time of a stage instead of all stages one after the
/// other. Small steps stay whole: they are bound by reading weights, which every piece does again.
/// </remarks>
/// <param name="limits">The largest step.</param>
/// <param name="stages">Stages of the pipeline.</param>
internal sealed class StepPieces(StepLimits limits, int stages)
{
    /// <summary>Fewest tokens of a piece: enough that weights are read once for many of them.</summary>
    public const int TokensMin = 64;

    private const int PiecesPerStage = 4;

    private readonly ForwardInput _piece = new(limits);
    private readonly SequenceRows[] _rows = new SequenceRows[limits.Sequences];
    private readonly int[] _pooled = new int[limits.Sequences];

    /// <summary>Of each sequence of the piece, what is wanted of its rows of logits.</summary>
    public ReadOnlySpan<SequenceRows> Rows => _rows.AsSpan(0, _piece.SequenceCount);

    /// <summary>Of each sequence of the piece, how many of its last tokens an embedding lacks.</summary>
    public ReadOnlySpan<int> Pooled => _pooled.AsSpan(0, _piece.SequenceCount);

    /// <summary>Which sequence of the step is the piece's first.</summary>
    public int First { get; private set; }

    /// <summary>Pieces of a step.</summary>
    public int CountOf(ForwardInput step) =>
        stages == 1 ? 1 : Math.Clamp(step.TokenCount / TokensMin, 1, CountMax(stages));

    /// <summary>Most pieces of a step.</summary>
    public static int CountMax(int stages) => PiecesPerStage * stages;

    /// <summary>One piece, valid until the next.</summary>
    /// <param name="step">The step.</param>
    /// <param name="index">Which piece, from 0.</param>
    /// <param name="count">Of how many.</param>
    /// <param name="rows">Of each sequence of the step, what is wanted of its rows; empty wants all.</param>
    /// <param name="pooled">Of each sequence of the step, how many of its last tokens are; empty: none.</param>
    public ForwardInput Cut(
        ForwardInput step, int index, int count, ReadOnlySpan<SequenceRows> rows,
        ReadOnlySpan<int> pooled = default)
    {
        var first = (int)((long)step.TokenCount * index / count);
        var end = (int)((long)step.TokenCount * (index + 1) / count);
        var layout = step.Layout;
        _piece.Clear();
        for (var s = 0; s < step.SequenceCount; s++)
        {
            var from = Math.Max(first, layout.RowStarts[s]);
            var to = Math.Min(end, layout.RowStarts[s + 1]);
            if (from >= to) continue;
            if (_piece.SequenceCount == 0) First = s;
            var wanted = rows.IsEmpty ? SequenceRows.All : rows[s];
            _rows[_piece.SequenceCount] =
                to == layout.RowStarts[s + 1] ? wanted : wanted with { Next = step.Tokens[to] };
            _pooled[_piece.SequenceCount] = pooled.IsEmpty ? 0
                : Math.Clamp(to - (layout.RowStarts[s + 1] - pooled[s]), 0, to - from);
            _piece.AddSequence(step.Tokens[from..to], layout.Positions[from], step.PromptLengths[s],
                layout.Blocks[layout.BlockStarts[s]..layout.BlockStarts[s + 1]], WantedOf(step.LogitRows, from, to));
        }
        return _piece;
    }

    /// <summary>Rows that want logits are the last of a sequence, so within a piece they are its last too.</summary>
    private static int WantedOf(ReadOnlySpan<int> rows, int from, int to)
    {
        var count = 0;
        foreach (var row in rows)
            if (row >= from && row < to) count++;
        return count;
    }
}
