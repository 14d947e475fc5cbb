using System.Globalization;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>The top of the page: what was measured, the numbers to remember, what they say.</summary>
internal static class ReportHeader
{
    public static void Write(Markup page, LoadReport report, LoadReport? other, LevelResult focus)
    {
        var setting = report.Setting;
        page.AddRaw("<header>\n<h1>");
        if (other is null) page.Add($"{setting.Label}");
        else
            page.Add($"""<span class="run">{setting.Label}</span> beside """)
                .Add($"""<span class="other">{other.Setting.Label}</span>""");
        page.Add($"</h1>\n<p>{ShortName(setting.Model)}. {Capital(setting.Workload)}. {Loads(report)}.</p>\n");
        WriteTiles(page, report, other, focus);
        foreach (var sentence in ResultTable.Findings(report)) page.Add($"""<p class="finding">{sentence}</p>""");
        page.AddRaw("</header>\n");
    }

    /// <summary>A model that is called by its path goes by its file.</summary>
    private static string ShortName(string model) => model[(model.TrimEnd('/').LastIndexOf('/') + 1)..];

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Loads(LoadReport report) => report.Levels is [var only]
        ? Capital(only.Description)
        : string.Create(CultureInfo.InvariantCulture,
            $"{report.Levels.Count} levels of load, {report.Levels[0].Name} to {report.Levels[^1].Name}");

    private static void WriteTiles(Markup page, LoadReport report, LoadReport? other, LevelResult focus)
    {
        var summary = focus.Summary;
        var pair = other is null ? null : LevelPair.Of(report, other).FirstOrDefault(pair => pair.Level == focus);
        var rival = other?.Setting.Label ?? "";
        page.AddRaw("<div class=\"tiles\">\n");
        Tile(page, report.Levels.Count > 1 ? $"Output at {focus.Name}" : "Output",
            ResultTable.Short(summary.OutputThroughput), "tok/s",
            Beside(pair?.ThroughputRatio, rival) ?? $"peak {ResultTable.Short(summary.PeakTokensPerSecond)}",
            Tone(pair?.ThroughputRatio));
        TimeTile(page, "Time to first token", summary.Ttft, pair?.TtftRatio, rival);
        TimeTile(page, "Time per output token", summary.Tpot, pair?.TpotRatio, rival);
        Tile(page, "Requests", ResultTable.Short(summary.RequestThroughput), "per s",
            string.Create(CultureInfo.InvariantCulture, $"{summary.Completed:#,##0} in {summary.Duration:0.#} s"), "");
        if (summary.Attainment is { } share)
            Tile(page, "Within the targets", ResultTable.Short(share * 100), "%",
                $"goodput {ResultTable.Short(summary.Goodput ?? 0)} per s",
                share >= report.Setting.AttainmentWanted ? "good" : "bad");
        Tile(page, "Failed", summary.Failed.ToString("#,##0", CultureInfo.InvariantCulture), "",
            summary.Failures is [var first, ..] ? first.Name
                : summary.Cancelled > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"{summary.Cancelled} cancelled") : "no request",
            summary.Failed > 0 ? "bad" : "");
        page.AddRaw("</div>\n");
    }

    private static void TimeTile(Markup page, string name, Distribution times, double? ratio, string rival) =>
        Tile(page, name, ResultTable.Short(times.Median), "ms",
            Beside(ratio, rival) ?? (times.At(99) is { } high ? $"p99 {ResultTable.Short(high)} ms" : "median"),
            Tone(ratio));

    private static string? Beside(double? ratio, string rival) => ratio switch
    {
        null => null,
        >= 1 and var better => $"{ResultTable.Short(better)}x better than {rival}",
        var worse => $"{ResultTable.Short(1 / worse.Value)}x worse than {rival}",
    };

    private static string Tone(double? ratio) => ratio switch
    {
        null => "",
        >= 0.995 => "good",
        _ => "bad",
    };

    private static void Tile(Markup page, string name, string value, string unit, string note, string tone) => page
        .Add($"""<div class="tile"><span>{name}</span><b>{value}<small>{unit}</small></b>""")
        .Add($"""<em class="{tone}">{note}</em></div>""").AddRaw("\n");
}
