namespace Minka.LoadTest.Results;

/// <summary>The same load on two servers.</summary>
/// <param name="Level">Of the run that is reported.</param>
/// <param name="Other">Of the run it is compared with.</param>
public sealed record LevelPair(LevelResult Level, LevelResult Other)
{
    /// <summary>Tokens per second, first over other.</summary>
    public double? ThroughputRatio => Ratio(Level.Summary.OutputThroughput, Other.Summary.OutputThroughput);

    /// <summary>Median time to first token, other over first: above 1 the first is faster.</summary>
    public double? TtftRatio => Faster(Level.Summary.Ttft.Median, Other.Summary.Ttft.Median);

    /// <summary>Median time of a token, other over first: above 1 the first is faster.</summary>
    public double? TpotRatio => Faster(Level.Summary.Tpot.Median, Other.Summary.Tpot.Median);

    /// <summary>The levels that both runs have, by load; two single levels are a pair whatever their load.</summary>
    public static IReadOnlyList<LevelPair> Of(LoadReport report, LoadReport other) =>
        report.Levels is [var level] && other.Levels is [var otherLevel]
            ? [new(level, otherLevel)]
            :
            [
                .. from one in report.Levels
                   join two in other.Levels on (one.Rate is null, one.Load) equals (two.Rate is null, two.Load)
                   select new LevelPair(one, two),
            ];

    /// <summary>How many times faster a time is than the other; null where one is missing.</summary>
    internal static double? Faster(double? time, double? other) => Ratio(other ?? 0, time ?? 0);

    private static double? Ratio(double over, double under) => under > 0 && over > 0 ? over / under : null;
}
