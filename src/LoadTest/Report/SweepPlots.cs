using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>What changes with the load: throughput, times, and requests within their targets.</summary>
/// <param name="report">The run.</param>
/// <param name="other">Another beside it; null for none.</param>
internal sealed class SweepPlots(LoadReport report, LoadReport? other)
{
    /// <summary>Of a bar: what was answered, and over it what was answered in time.</summary>
    private static readonly bool[] _parts = [false, true];

    private readonly bool _isClosed = report.Levels.All(level => level.Rate is null);

    /// <summary>In reading order.</summary>
    public IEnumerable<Plot> All()
    {
        yield return Throughput();
        yield return Latency();
        yield return Times("Time to first token", level => level.Ttft, report.Setting.Slo?.TtftMs);
        yield return Times("Time per output token", level => level.Tpot, report.Setting.Slo?.TpotMs);
        if (report.Setting.Slo is not null)
        {
            yield return Goodput();
            yield return Attainment();
        }
    }

    private IEnumerable<(LoadReport Report, string Colour)> Runs =>
        other is null ? [(report, Palette.Run)] : [(report, Palette.Run), (other, Palette.Other)];

    private string LoadLabel => _isClosed ? "users at once" : "requests per second sent";

    private Axis LoadAxis => Axis.At([.. Runs.SelectMany(run => run.Report.Levels).Select(level => level.Load)]);

    private static IReadOnlyList<LevelResult> Answered(LoadReport run) =>
        [.. run.Levels.Where(level => level.Summary.Completed > 0)];

    private Plot Throughput() => new()
    {
        Title = "Throughput by load",
        Description = Describe("tokens made per second", level => level.OutputThroughput, " tokens/s"),
        X = LoadAxis,
        Y = Axis.FromZero(Runs.SelectMany(run => run.Report.Levels).Max(level => level.Summary.OutputThroughput)),
        XLabel = LoadLabel,
        YLabel = "tokens made per second",
        Lines =
        [
            .. Runs.Select(run => new PlotLine(run.Report.Setting.Label, run.Colour,
            [
                .. run.Report.Levels.Select(level => new PlotPoint(level.Load, level.Summary.OutputThroughput,
                    $"{run.Report.Setting.Label}, {level.Name}: {ResultTable.Short(level.Summary.OutputThroughput)} "
                    + $"tokens/s, {ResultTable.Short(level.Summary.RequestThroughput)} requests/s")),
            ])),
        ],
    };

    private Plot Latency()
    {
        var unit = TimeUnit.For(
            Runs.SelectMany(run => Answered(run.Report)).Select(level => level.Summary.EndToEnd.Median));
        return new()
        {
            Title = "Throughput and what it costs",
            Description = "Median time of a whole request against tokens made per second, one point a level; "
                + "down and to the right is better.",
            X = Axis.FromZero(Runs.SelectMany(run => run.Report.Levels).Max(level => level.Summary.OutputThroughput)),
            Y = Axis.FromZero(Runs.SelectMany(run => Answered(run.Report))
                .Select(level => unit.Of(level.Summary.EndToEnd.Median)).DefaultIfEmpty(1).Max()),
            XLabel = "tokens made per second",
            YLabel = $"whole request, median ({unit.Name})",
            Lines =
            [
                .. Runs.Select(run => new PlotLine(run.Report.Setting.Label, run.Colour,
                [
                    .. Answered(run.Report).Select(level => new PlotPoint(
                        level.Summary.OutputThroughput, unit.Of(level.Summary.EndToEnd.Median),
                        $"{run.Report.Setting.Label}, {level.Name}: "
                        + $"{ResultTable.Short(level.Summary.OutputThroughput)} tokens/s, "
                        + $"{ResultTable.Short(level.Summary.EndToEnd.Median)} ms a request",
                        Axis.Text(level.Load))),
                ])),
            ],
        };
    }

    private Plot Times(string title, Func<LevelSummary, Distribution> times, double? target)
    {
        (string Name, double Percent, string Dash)[] shown = other is null
            ? [("median", 50, Palette.Median), ("p90", 90, Palette.High), ("p99", 99, Palette.Highest)]
            : [("median", 50, Palette.Median), ("p99", 99, Palette.Highest)];
        var values = (from run in Runs
                      from level in Answered(run.Report)
                      from percentile in shown
                      select times(level.Summary).At(percentile.Percent) ?? 0).Where(value => value > 0).ToList();
        var unit = TimeUnit.For(values);
        var isWide = values.Count > 0 && values.Max() > 20 * values.Min();
        return new()
        {
            Title = title + " by load",
            Description = Describe("median", level => times(level).Median, " ms"),
            X = LoadAxis,
            Y = isWide
                ? Axis.Log(values.Select(unit.Of)) : Axis.FromZero(values.Select(unit.Of).DefaultIfEmpty(1).Max()),
            XLabel = LoadLabel,
            YLabel = $"{title.ToLowerInvariant()} ({unit.Name})",
            Limits = target is { } limit
                ? [new(unit.Of(limit), $"target {Axis.Text(unit.Of(limit))} {unit.Name}", false)] : [],
            Lines =
            [
                .. from run in Runs
                   from percentile in shown
                   where Answered(run.Report).All(level => times(level.Summary).At(percentile.Percent) is not null)
                   let name = other is null ? percentile.Name : $"{run.Report.Setting.Label} {percentile.Name}"
                   select new PlotLine(name, run.Colour,
                       [
                           .. Answered(run.Report).Select(level => new PlotPoint(
                               level.Load, unit.Of(times(level.Summary).At(percentile.Percent)!.Value),
                               $"{run.Report.Setting.Label}, {level.Name}, {percentile.Name}: "
                               + $"{ResultTable.Short(times(level.Summary).At(percentile.Percent)!.Value)} ms")),
                       ], percentile.Dash),
            ],
        };
    }

    private Plot Goodput()
    {
        var runs = Runs.ToList();
        var largest = runs.SelectMany(run => run.Report.Levels).Max(level => level.Summary.RequestThroughput);
        return new()
        {
            Title = "Goodput: requests per second within the targets",
            Description = Describe("requests per second within the targets", level => level.Goodput ?? 0, "")
                + " The pale part of a bar are answers that came too late.",
            X = Axis.Percent(),
            Y = Axis.FromZero(largest),
            XLabel = report.Setting.Slo!.ToString(),
            YLabel = "requests per second",
            Groups = [.. report.Levels.Select(level => level.Name)],
            Bars =
            [
                .. from run in runs.Index()
                   from level in report.Levels.Index()
                   let own = run.Item.Report.Levels.FirstOrDefault(it => it.Load == level.Item.Load)
                   where own is not null
                   from part in _parts
                   let value = part ? own.Summary.Goodput ?? 0 : own.Summary.RequestThroughput
                   select new PlotBar(level.Index, value, part ? run.Item.Colour : Palette.Tint(run.Item.Colour, 0.32),
                       $"{run.Item.Report.Setting.Label}, {own.Name}: {ResultTable.Short(own.Summary.Goodput ?? 0)} of "
                       + $"{ResultTable.Short(own.Summary.RequestThroughput)} requests/s within the targets",
                       (run.Index, runs.Count)),
            ],
        };
    }

    private Plot Attainment() => new()
    {
        Title = "Share of requests within the targets",
        Description = Describe("percent of requests within the targets", level => (level.Attainment ?? 0) * 100, " %"),
        X = LoadAxis,
        Y = Axis.Percent(),
        XLabel = LoadLabel,
        YLabel = "requests within the targets (%)",
        Limits = [new(report.Setting.AttainmentWanted * 100, "wanted", false)],
        Lines =
        [
            .. Runs.Select(run => new PlotLine(run.Report.Setting.Label, run.Colour,
            [
                .. run.Report.Levels.Where(level => level.Summary.Attainment is not null).Select(level => new PlotPoint(
                    level.Load, level.Summary.Attainment!.Value * 100,
                    $"{run.Report.Setting.Label}, {level.Name}: "
                    + $"{ResultTable.Short(level.Summary.Attainment.Value * 100)} %")),
            ])),
        ],
    };

    private string Describe(string what, Func<LevelSummary, double> value, string unit) =>
        string.Join(" ", Runs.Select(run => $"{run.Report.Setting.Label}, {what}: "
            + string.Join(", ", run.Report.Levels.Select(level =>
                $"{level.Name} {ResultTable.Short(value(level.Summary))}{unit}")) + "."));
}
