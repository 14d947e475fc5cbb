using System.Globalization;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>The end of the page: where and how it was measured, and what the words mean.</summary>
internal static class ReportFooter
{
    public static void Write(Markup page, LoadReport report)
    {
        HtmlReport.Heading(page, "How it was measured", "");
        page.AddRaw("<dl>\n").AddEach(Entries(report).Where(entry => entry.Value.Length > 0),
            (list, entry) => list.Add($"<dt>{entry.Name}</dt><dd>{entry.Value}</dd>\n")).AddRaw("""
            </dl>
            <footer>
            <p>Time to first token counts from when a request should have been sent, so that waiting on either side
            counts. Time per output token is the mean after the first token, by the server's own count; inter-token
            latency is every single gap. Percentiles lie on the line between two values, as NumPy's. Goodput is requests
            per second within all targets; a failed request is within none.</p>
            <p>The knee is the load with the most tokens per second for the time that a request takes
            (Kleinrock's power).</p>
            </footer>

            """);
    }

    private static IEnumerable<(string Name, string Value)> Entries(LoadReport report)
    {
        var setting = report.Setting;
        yield return ("Server", setting.ServerVersion is { } version ? $"{setting.Url} ({version})" : setting.Url);
        yield return ("Endpoint", setting.Backend == "openai-chat" ? "chat completions" : "completions");
        yield return ("Model", setting.Model);
        yield return ("Asked", setting.Workload);
        yield return ("Prompt lengths by", setting.TokenCounts);
        yield return ("Tokens counted by", report.Levels.All(level => level.Summary.IsCounted)
            ? "the server's usage" : "pieces of output, where the server counts none");
        yield return ("Targets", setting.Slo?.ToString() ?? "");
        yield return ("Measured on", setting.Machine);
        yield return ("Measured with", setting.Tool);
        yield return ("When", setting.Date == default
            ? "" : setting.Date.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        yield return ("Seed", setting.Seed.ToString(CultureInfo.InvariantCulture));
        yield return ("Sent late by", report.Levels.Max(level => level.Summary.SendLagMs) is > 0 and var lag
            ? $"{ResultTable.Short(lag)} ms at p99 of the worst level" : "");
        var each = report.Levels.Max(level => level.Summary.TokensPerEvent);
        yield return ("Tokens per event", each > 1.02
            ? $"{ResultTable.Short(each)} at most; inter-token latency is a gap between events" : "");
        foreach (var (key, value) in setting.Metadata) yield return (key, value);
    }
}
