namespace Minka.LoadTest.Results;

/// <summary>What the levels of a sweep together say.</summary>
/// <param name="Knee">
/// The level with the most throughput for its latency (Kleinrock's power: tokens per second over mean time of a
/// request). Below it the server has room, above it requests mostly wait. Null if there are fewer than three levels.
/// </param>
/// <param name="IsKneeInside">There are levels on both sides of it; else the sweep should go on in its direction.
/// </param>
/// <param name="Best">The highest load at which enough requests met their targets, up to the first that failed; null
/// without targets or if none did.</param>
/// <param name="FirstFailed">The lowest load at which too few did; null if none.</param>
/// <param name="RateMax">
/// Requests per second at which the share crosses what is wanted, on the line between <see cref="Best"/> and
/// <see cref="FirstFailed"/>; null unless both are there.
/// </param>
public sealed record SweepFindings(
    LevelResult? Knee, bool IsKneeInside, LevelResult? Best, LevelResult? FirstFailed, double? RateMax)
{
    /// <summary>Finds them.</summary>
    /// <param name="levels">In any order.</param>
    /// <param name="wanted">Share of requests that must meet their targets, 0 to 1.</param>
    public static SweepFindings Of(IReadOnlyList<LevelResult> levels, double wanted)
    {
        var sorted = levels.Where(level => level.Summary.Completed > 0).OrderBy(level => level.Load).ToList();
        var knee = sorted.Count >= 3 ? sorted.MaxBy(Power) : null;
        LevelResult? best = null;
        LevelResult? failed = null;
        foreach (var level in levels.OrderBy(level => level.Load))
        {
            if (level.Summary.Attainment is not { } share) continue;
            if (share < wanted)
            {
                failed = level;
                break;
            }
            best = level;
        }
        return new(knee, knee is not null && knee != sorted[0] && knee != sorted[^1], best, failed,
            best is null || failed is null ? null : Crossing(best, failed, wanted));
    }

    private static double Power(LevelResult level) => level.Summary.EndToEnd.Mean > 0
        ? level.Summary.OutputThroughput / level.Summary.EndToEnd.Mean : 0;

    private static double Crossing(LevelResult best, LevelResult failed, double wanted)
    {
        var (low, high) = (Rate(best), Rate(failed));
        var (good, bad) = (best.Summary.Attainment!.Value, failed.Summary.Attainment!.Value);
        return good <= bad ? low : low + (high - low) * (good - wanted) / (good - bad);
    }

    /// <summary>Of a closed loop what it reached is all there is to say.</summary>
    private static double Rate(LevelResult level) =>
        level.Rate is { } rate && double.IsFinite(rate) ? rate : level.Summary.RequestThroughput;
}
