using Minka.LoadTest.Client;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>What a line shows.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Colour">A CSS colour.</param>
/// <param name="Requests">What is counted.</param>
internal sealed record PlotSource(string Name, string Colour, IReadOnlyList<RequestOutcome> Requests);

/// <summary>Shares of requests, or of gaps, that took no longer than a time: one line a level or a run.</summary>
internal static class DistributionPlots
{
    private const int PointsMax = 240;
    private static readonly double[] _marked = [50, 90, 99];

    /// <summary>Time to first token, per token, between pieces, of a whole request.</summary>
    public static IEnumerable<Plot> All(IReadOnlyList<PlotSource> sources, Slo? slo)
    {
        yield return One("Time to first token", "requests", sources, slo?.TtftMs, done => done.Select(it => it.Ttft));
        yield return One("Time per output token", "requests", sources, slo?.TpotMs,
            done => done.Where(it => it.OutputTokens > 1).Select(it => it.Tpot));
        yield return One("Inter-token latency", "gaps", sources, null, done => done.SelectMany(it => it.Gaps));
        yield return One("End to end", "requests", sources, slo?.EndToEndMs, done => done.Select(it => it.EndToEnd));
    }

    private static Plot One(
        string title, string what, IReadOnlyList<PlotSource> sources, double? target,
        Func<IEnumerable<RequestOutcome>, IEnumerable<double>> times)
    {
        var sorted = sources.Select(source => (Source: source,
            Values: times(source.Requests.Where(it => it.IsCompleted)).Select(it => it * 1000).Order().ToArray()))
            .Where(entry => entry.Values.Length > 0).ToList();
        var all = sorted.SelectMany(entry => new[]
        {
            Distribution.Percentile(entry.Values, 1), Distribution.Percentile(entry.Values, 99.5),
        }).Where(value => value > 0).ToList();
        var unit = TimeUnit.For(all);
        var isWide = all.Count > 0 && all.Max() > 12 * all.Min();
        return new()
        {
            Title = title,
            Description = $"Share of {what} that took no longer than a time. " + string.Join(" ", sorted.Select(entry =>
                $"{entry.Source.Name}: half within {ResultTable.Short(Distribution.Percentile(entry.Values, 50))} ms, "
                + $"99 % within {ResultTable.Short(Distribution.Percentile(entry.Values, 99))} ms.")),
            X = isWide ? Axis.Log(all.Select(unit.Of)) : Axis.FromZero(all.Select(unit.Of).DefaultIfEmpty(1).Max()),
            Y = Axis.Percent(),
            XLabel = $"{title.ToLowerInvariant()} ({unit.Name})",
            YLabel = $"{what} within it (%)",
            Limits = target is { } limit ? [new(unit.Of(limit), "target", true)] : [],
            Lines = [.. sorted.Select(entry => new PlotLine(
                entry.Source.Name, entry.Source.Colour, Points(entry.Source.Name, entry.Values, unit)))],
        };
    }

    /// <summary>Percent by percent, so that a million gaps draw as fast as a hundred.</summary>
    private static List<PlotPoint> Points(string name, double[] sorted, TimeUnit unit)
    {
        var count = Math.Min(PointsMax, Math.Max(2, sorted.Length));
        return
        [
            .. Enumerable.Range(0, count).Select(i => 100.0 * i / (count - 1)).Concat(_marked).Distinct().Order()
                .Select(percent =>
                {
                    var value = Distribution.Percentile(sorted, percent);
                    return new PlotPoint(unit.Of(value), percent, _marked.Contains(percent)
                        ? $"{name}: {percent:0} % within {ResultTable.Short(value)} ms" : "");
                }),
        ];
    }
}
