using System.Globalization;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>One sentence about what makes the steps of a cluster as long as they are, and what would help.</summary>
internal static class Bottleneck
{
    /// <summary>A rank that computes this many times the mean of its stage holds the others up.</summary>
    private const double Uneven = 1.25;

    /// <summary>A tail this many times the median is no property of the wire.</summary>
    private const double LongTail = 3;

    /// <summary>Every rank's measurements since the start.</summary>
    public static string Sentence(IReadOnlyList<StatusReply> ranks)
    {
        var busy = ranks.Where(rank => rank.Steps > 0 && rank.StepSeconds > 0).ToList();
        if (busy.Count == 0) return "No step has run.";
        var shares = busy.Select(StepShares.Of).ToList();
        var compute = shares.Average(one => one.Compute);
        var wait = shares.Average(one => one.Wait);
        var transfer = shares.Average(one => one.Transfer);
        var reduce = shares.Average(one => one.Reduce);

        if (wait > 0.1 && SlowestOfItsStage(busy) is { } slow) return slow;
        if (compute >= Math.Max(wait, Math.Max(transfer, reduce)))
            return Text($"Computing is {compute * 100:F0} % of a step: faster or more machines make it shorter.");
        if (transfer >= Math.Max(wait, reduce))
            return Text($"Moving bytes is {transfer * 100:F0} % of a step: --wire q8 sends a quarter of f32's, ")
                + "and --pp sends far less than --tp.";
        if (reduce >= wait)
            return Text($"Converting and adding is {reduce * 100:F0} % of a step: fewer ranks per stage add less.");
        return Text($"Waiting for others is {wait * 100:F0} % of a step: ") + Waiting(busy);
    }

    private static string? SlowestOfItsStage(List<StatusReply> ranks)
    {
        foreach (var stage in ranks.GroupBy(rank => rank.LayerFirst).Where(stage => stage.Count() > 1))
        {
            var mean = stage.Average(rank => rank.ComputeSeconds);
            var slowest = stage.MaxBy(rank => rank.ComputeSeconds)!;
            if (slowest.ComputeSeconds > Uneven * mean)
                return Text($"Rank {slowest.Rank} computes {slowest.ComputeSeconds / mean:F1} times as long as the ")
                    + "mean of its stage and the others wait for it: give it a smaller share with --shares.";
        }
        return null;
    }

    private static string Waiting(List<StatusReply> ranks)
    {
        if (ranks.Select(rank => rank.LayerFirst).Distinct().Count() > 1
            && Seconds(ranks, "boundary") > Seconds(ranks, "stage"))
            return "stages stand idle while others work on the same token; several requests at once, or fewer stages, "
                + "fill them.";
        var sums = ranks.SelectMany(rank => rank.Operations).Where(one => one.Scope == "stage").ToList();
        if (sums.Count > 0 && sums.MaxBy(one => one.Total.P50)!.Total is { P50: > 0 } total
            && total.P99 > LongTail * total.P50)
            return Text($"p99 of a sum is {total.P99 / total.P50:F0} times its median, so something besides the links ")
                + "holds ranks up: other programs on a machine, or too many threads.";
        return "the latency of the links, twice a layer; fewer ranks per stage wait less.";
    }

    private static double Seconds(List<StatusReply> ranks, string scope) =>
        ranks.Sum(rank => rank.Operations.Where(one => one.Scope == scope).Sum(one => one.WaitSeconds));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
