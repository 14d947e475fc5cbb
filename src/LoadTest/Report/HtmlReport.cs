using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>One page that holds everything: numbers, plots, how it was measured. It loads and runs nothing.</summary>
public static class HtmlReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="report">The run.</param>
    /// <param name="other">Another beside it; null for none.</param>
    public static string Write(LoadReport report, LoadReport? other = null)
    {
        var page = new Markup();
        var focus = report.Findings.Knee ?? report.Levels[^1];
        WriteHead(page, report, other);
        page.AddRaw("<main>\n");
        ReportHeader.Write(page, report, other, focus);
        WriteSweep(page, report, other);
        WriteDistributions(page, report, other, focus);
        WriteCourse(page, report, focus);
        ReportTables.Write(page, report, other);
        ReportFooter.Write(page, report);
        return page.AddRaw("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>A heading with a word beside it.</summary>
    internal static void Heading(Markup page, string title, string aside) =>
        page.Add($"<h2>{title} <small>{aside}</small></h2>\n");

    private static void WriteHead(Markup page, LoadReport report, LoadReport? other)
    {
        var against = other is null ? "" : $" beside {other.Setting.Label}";
        page.AddRaw("""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">

            """).Add($"<title>{report.Setting.Label}{against}: serving benchmark</title>\n<style>\n")
            .AddRaw(PageStyle.Css).AddRaw("\n</style>\n</head>\n<body>\n");
    }

    private static void WriteSweep(Markup page, LoadReport report, LoadReport? other)
    {
        if (report.Levels.Count < 2) return;
        Heading(page, "What load does", report.Levels.All(level => level.Rate is null)
            ? "each user sends the next request when the last is answered"
            : "requests are sent whatever the server does");
        WritePlots(page, new SweepPlots(report, other).All(), "s");
    }

    private static void WriteDistributions(Markup page, LoadReport report, LoadReport? other, LevelResult focus)
    {
        var sources = Sources(report, other, focus);
        if (sources.Count == 0) return;
        Heading(page, "How long requests take", other is null && report.Levels.Count > 1
            ? "every level; the stronger the line, the higher the load" : focus.Name);
        WritePlots(page, DistributionPlots.All(sources, report.Setting.Slo), "d");
    }

    /// <summary>Two runs at one level, or one run at all of its levels.</summary>
    private static List<PlotSource> Sources(LoadReport report, LoadReport? other, LevelResult focus)
    {
        var pair = other is null ? null : LevelPair.Of(report, other).FirstOrDefault(pair => pair.Level == focus);
        List<PlotSource> sources = pair is not null
            ?
            [
                new(report.Setting.Label, Palette.Run, focus.Requests),
                new(other!.Setting.Label, Palette.Other, pair.Other.Requests),
            ]
            :
            [
                .. report.Levels.Select((level, i) => new PlotSource(
                    level.Name, Palette.Level(Palette.Run, i, report.Levels.Count), level.Requests)),
            ];
        return [.. sources.Where(source => source.Requests.Any(request => request.IsCompleted))];
    }

    private static void WriteCourse(Markup page, LoadReport report, LevelResult focus)
    {
        if (focus.Requests.Count == 0) return;
        Heading(page, "How it went", focus.Name);
        new RequestChart(focus, Palette.Run).Write(page, "r");
        WritePlots(page, CoursePlots.All(focus, Palette.Run), "c");
        var rest = report.Levels.Where(level => level != focus && level.Requests.Count > 0).ToList();
        foreach (var (i, level) in rest.Index())
        {
            page.Add($"<details><summary>{level.Name}</summary>");
            new RequestChart(level, Palette.Run).Write(page, $"o{i}");
            page.AddRaw("</details>\n");
        }
    }

    private static void WritePlots(Markup page, IEnumerable<Plot> plots, string prefix)
    {
        page.AddRaw("<div class=\"plots\">\n");
        foreach (var (i, plot) in plots.Index()) plot.Write(page, $"{prefix}{i}");
        page.AddRaw("</div>\n");
    }
}
