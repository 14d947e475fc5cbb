namespace Minka.Plan;

/// <summary>
/// Cuts attention by heads: whole groups while there are enough of them, else several ranks share a group, each with
/// some of its query heads and a copy of its key-value head.
/// </summary>
internal static class HeadCuts
{
    /// <summary>Query heads of each rank, in order.</summary>
    public static IndexRange[] Cut(ModelShape model, ReadOnlySpan<double> weights)
    {
        var bundle = Numbers.LeastCommonMultiple(model.HeadsPerGroup, model.HeadUnit);
        var bundles = (model.Heads + bundle - 1) / bundle;
        return weights.Length <= bundles
            ? Numbers.Cut(0, model.Heads, bundle, weights)
            : CutWithin(model, weights, bundle, bundles);
    }

    /// <summary>The key-value heads that some query heads read.</summary>
    public static IndexRange KvHeads(ModelShape model, IndexRange heads)
    {
        var first = heads.Start / model.HeadsPerGroup;
        return new(first, heads.IsEmpty ? first : ((heads.End - 1) / model.HeadsPerGroup) + 1);
    }

    /// <summary>More ranks than bundles: each bundle is cut among ranks of its own.</summary>
    private static IndexRange[] CutWithin(ModelShape model, ReadOnlySpan<double> weights, int bundle, int bundles)
    {
        var ranges = new IndexRange[weights.Length];
        var ends = Runs(weights, bundles);
        for (var i = 0; i < bundles; i++)
        {
            var ranks = (i == 0 ? 0 : ends[i - 1])..ends[i];
            var heads = Math.Min(bundle, model.Heads - (i * bundle));
            // A bundle of several groups has no cut that respects both groups and blocks: one rank takes it.
            var unit = bundle == model.HeadsPerGroup ? model.HeadUnit : bundle;
            Numbers.Cut(i * bundle, heads, unit, weights[ranks]).CopyTo(ranges.AsSpan(ranks));
        }
        return ranges;
    }

    /// <summary>
    /// Cuts ranks into <paramref name="runs"/> runs of about equal weight, none empty; the end of each run.
    /// </summary>
    private static int[] Runs(ReadOnlySpan<double> weights, int runs)
    {
        var total = 0.0;
        foreach (var weight in weights) total += weight;

        var ends = new int[runs];
        var (rank, taken) = (0, 0.0);
        for (var run = 0; run < runs; run++)
        {
            var due = total * (run + 1) / runs;
            var last = weights.Length - (runs - run - 1);
            taken += weights[rank++];
            while (rank < last && (run == runs - 1 || taken + (weights[rank] / 2) <= due)) taken += weights[rank++];
            ends[run] = rank;
        }
        return ends;
    }
}
