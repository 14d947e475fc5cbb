using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>The numbers as tables: every level, both runs side by side, and what failed.</summary>
internal static class ReportTables
{
    private static readonly string[] _compared = ["tok/s", "TTFT p50 ms", "TTFT p99 ms", "TPOT p50 ms", "TPOT p99 ms"];

    public static void Write(Markup page, LoadReport report, LoadReport? other)
    {
        HtmlReport.Heading(page, "Numbers", "");
        WriteLevels(page, report);
        if (other is not null) WritePairs(page, report, other);
        WriteFailures(page, report);
    }

    private static void WriteLevels(Markup page, LoadReport report)
    {
        var hasSlo = report.Levels.Any(level => level.Summary.Goodput is not null);
        Begin(page, $"{report.Setting.Label}: every level; times in milliseconds, counted from when a request should "
            + "have been sent.", ResultTable.SweepHead(hasSlo));
        foreach (var level in report.Levels)
        {
            page.Add($"""<tr class="{(level == report.Findings.Knee ? "knee" : "")}">""");
            foreach (var (i, cell) in ResultTable.SweepRow(level, hasSlo).Index())
                if (i == 0) page.Add($"""<th scope="row">{cell}</th>""");
                else page.Add($"""<td class="{(i == 2 && level.Summary.Failed > 0 ? "bad" : "")}">{cell}</td>""");
            page.AddRaw("</tr>\n");
        }
        End(page);
    }

    private static void WritePairs(Markup page, LoadReport report, LoadReport other)
    {
        var pairs = LevelPair.Of(report, other);
        if (pairs.Count == 0) return;
        var (own, theirs) = (report.Setting.Label, other.Setting.Label);
        Begin(page, $"{own} beside {theirs}; a ratio above 1 says that {own} is better.",
            ["load", .. _compared.SelectMany(what => new[] { $"{own} {what}", theirs, "ratio" })]);
        foreach (var pair in pairs)
        {
            var (a, b) = (pair.Level.Summary, pair.Other.Summary);
            page.Add($"""<tr><th scope="row">{pair.Level.Name}</th>""");
            Cells(a.OutputThroughput, b.OutputThroughput, pair.ThroughputRatio);
            Times(a.Ttft, b.Ttft, 50);
            Times(a.Ttft, b.Ttft, 99);
            Times(a.Tpot, b.Tpot, 50);
            Times(a.Tpot, b.Tpot, 99);
            page.AddRaw("</tr>\n");
        }
        End(page);

        void Times(Distribution one, Distribution two, double percent) =>
            Cells(one.At(percent) ?? 0, two.At(percent) ?? 0, LevelPair.Faster(one.At(percent), two.At(percent)));

        void Cells(double one, double two, double? ratio) => page
            .Add($"<td>{ResultTable.Short(one)}</td><td>{ResultTable.Short(two)}</td>")
            .Add($"""<td class="{(ratio >= 0.995 ? "good" : "bad")}">{ResultTable.Ratio(ratio)}</td>""");
    }

    private static void WriteFailures(Markup page, LoadReport report)
    {
        var failures = report.Levels
            .SelectMany(level => Troubles(level.Summary).Select(failure => (Level: level, Failure: failure))).ToList();
        if (failures.Count == 0) return;
        Begin(page, "What failed, or was sent once more.", ["load", "requests", "how", "the first said"]);
        foreach (var (level, failure) in failures)
            page.Add($"""<tr><th scope="row">{level.Name}</th><td class="bad">{failure.Count}</td>""")
                .Add($"""<td class="text">{failure.Name}</td><td class="text">{failure.Message}</td></tr>""");
        End(page);
    }

    private static IEnumerable<FailureCount> Troubles(LevelSummary summary) => summary.Resent == 0 ? summary.Failures :
        [.. summary.Failures, new("sent once more", summary.Resent, "the connection broke before any answer")];

    private static void Begin(Markup page, string caption, IReadOnlyList<string> head) => page
        .Add($"""<div class="sheet" tabindex="0"><table><caption>{caption}</caption><thead><tr>""")
        .AddEach(head, (row, cell) => row.Add($"""<th scope="col">{cell}</th>"""))
        .AddRaw("</tr></thead>\n<tbody>\n");

    private static void End(Markup page) => page.AddRaw("</tbody>\n</table></div>\n");
}
