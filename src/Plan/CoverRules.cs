namespace Minka.Plan;

/// <summary>Ranges that together hold everything once, in order, and are cut where cutting is allowed.</summary>
internal static class CoverRules
{
    /// <summary>
    /// Adds a violation for each thing that is missing, held twice, out of bounds or cut in its middle.
    /// </summary>
    /// <param name="what">What is counted, in the plural.</param>
    /// <param name="where">The part of the plan.</param>
    /// <param name="holder">Who holds a range: <c>rank</c> or <c>stage</c>.</param>
    /// <param name="ranges">Of each holder, in order.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="unit">Cuts are at multiples of this.</param>
    /// <param name="found">Where violations go.</param>
    public static void Check(
        string what, string where, string holder, IReadOnlyList<IndexRange> ranges, int total, int unit,
        List<PlanViolation> found)
    {
        var at = 0;
        for (var i = 0; i < ranges.Count; i++)
        {
            var range = ranges[i];
            if (range.Start < 0 || range.End < range.Start || range.End > total)
            {
                found.Add(new(where, $"{what} {range} of {holder} {i} are not within [0, {total})."));
                return;
            }
            if (range.IsEmpty) continue;
            if (range.Start > at)
                found.Add(new(where, $"{what} [{at}, {range.Start}) are on no {holder}; each is needed once."));
            if (range.Start < at)
                found.Add(new(where, $"{what} [{range.Start}, {Math.Min(at, range.End)}) are on {holder} {i} "
                    + $"and on one before it; each is needed once, in the order of the {holder}s."));
            if (range.Start % unit != 0)
                found.Add(new(where, $"{what} are cut at {range.Start} before {holder} {i}; "
                    + $"cuts are at multiples of {unit}."));
            at = Math.Max(at, range.End);
        }
        if (at < total)
            found.Add(new(where, $"{what} [{at}, {total}) are on no {holder}; each is needed once."));
    }
}
