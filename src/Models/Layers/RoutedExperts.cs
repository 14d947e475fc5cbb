using Minka.Collectives;
using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>
/// Experts: each token goes through the feed-forwards that the router scores highest, and their outputs are added by
/// share (Shazeer et al. 2017, Jiang et al. 2024). Each rank has some experts whole; the sum is over all ranks.
/// </summary>
/// <remarks>
/// T tokens, D model width, E experts, F width of one, n tokens of some experts, each as often as it goes to one of
/// them. Tokens are grouped by expert, so that weights of an expert are read once a step, and those of one that nobody
/// goes to are not. Outputs are added in the order of the experts, so what a token gets does not depend on the others
/// of the step.
/// </remarks>
internal sealed class RoutedExperts(ICommunicator ranks, ExpertsConfig config) : IFeedForward
{
    /// <summary>Scores, <c>[E, D]</c>; on every rank, and in f32, since a choice has no half.</summary>
    public required Matrix Router { get; init; }

    /// <summary>Experts of this rank.</summary>
    public required Range Mine { get; init; }

    /// <summary>Gate and up projections of each of them, <c>[2F, D]</c>.</summary>
    public required Matrix[] GateUp { get; init; }

    /// <summary>Down projections, <c>[D, F]</c>.</summary>
    public required Matrix[] Down { get; init; }

    /// <inheritdoc/>
    public long Bytes => Router.Bytes + ExpertBytes;

    /// <inheritdoc/>
    public long DecodeBytes => Router.Bytes + (ExpertBytes * config.Active / config.Count);

    private long ExpertBytes => GateUp.Sum(matrix => matrix.Bytes) + Down.Sum(matrix => matrix.Bytes);

    /// <inheritdoc/>
    public void Forward(Tensor y, Tensor x, in Step step)
    {
        var all = step.On.Host(y);
        all.Clear();
        if (Mine.Count > 0) AddMine(y, x, step);                    // [T, D], partial sums
        if (ranks.Size > 1) ranks.AllReduce(all);                   // [T, D]
    }

    private void AddMine(Tensor y, Tensor x, in Step step)
    {
        var (on, s) = (step.On, step.Scratch.Experts);
        var scores = s.Scores.Take(x.Rows);
        on.MatMul(scores, x, Router);                               // [T, E]
        on.Route(s.Groups.Chosen(x.Rows), s.Groups.Shares(x.Rows), scores, config.IsNormalized);
        s.Groups.Sort(x.Rows);
        for (var next = Mine.Start.Value; next < Mine.End.Value;)
        {
            var some = s.Groups.Fitting(next..Mine.End.Value, s.In.Rows);
            Add(y, x, some, step);
            next = some.End.Value;
        }
    }

    private void Add(Tensor y, Tensor x, Range some, in Step step)
    {
        var (on, s) = (step.On, step.Scratch.Experts);
        var rows = s.Groups.RowsOf(some);
        var counts = s.Groups.CountsOf(some);
        var held = (some.Start.Value - Mine.Start.Value)..(some.End.Value - Mine.Start.Value);
        if (rows.IsEmpty) return;

        var mine = s.In.Take(rows.Length);
        var both = s.GateUp.Take(rows.Length);
        var inner = s.Inner.Take(rows.Length);
        var made = s.Out.Take(rows.Length);

        on.GatherRows(mine, x, rows);                               // [n, D]
        on.MatMulGroups(both, mine, GateUp.AsSpan(held), counts);   // [n, 2F]
        on.SwiGlu(inner, both);                                     // [n, F]
        on.MatMulGroups(made, inner, Down.AsSpan(held), counts);    // [n, D]
        on.ScatterRows(y, made, rows, s.Groups.SharesOf(some));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Router.Dispose();
        foreach (var matrix in GateUp) matrix.Dispose();
        foreach (var matrix in Down) matrix.Dispose();
    }
}
