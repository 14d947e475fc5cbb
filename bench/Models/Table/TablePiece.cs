namespace Minka.Bench.Models.Table;

/// <summary>One row of one round: two figures and what their ratio must be.</summary>
/// <param name="Section">Which table it belongs to.</param>
/// <param name="Row">Its cells, with bars between.</param>
/// <param name="Left">The figure.</param>
/// <param name="Right">What it is compared with.</param>
/// <param name="Must">What the ratio must be, for people.</param>
internal sealed record TableSample(string Section, string Row, double Left, double Right, string Must);

/// <summary>Rows that are measured together, once per round.</summary>
internal abstract class TablePiece
{
    /// <summary>On the command line and in the record; no two are alike.</summary>
    public required string Name { get; init; }

    /// <summary>Rounds whose median counts.</summary>
    public required int Rounds { get; init; }

    /// <summary>About how long a round takes on two cores of today.</summary>
    public required int SecondsAbout { get; init; }

    /// <summary>Measures everything once.</summary>
    public abstract IEnumerable<TableSample> RunRound();
}
