using System.Globalization;
using System.Text;

namespace Minka.LoadTest.Results;

/// <summary>Results as text: vLLM's table for a level, a row a level for a sweep, ratios beside another run.</summary>
public static class ResultTable
{
    private const int Columns = 60;
    private const int LabelColumns = 44;

    /// <summary>One level, in the words and the order of <c>vllm bench serve</c>.</summary>
    /// <param name="level">What is written.</param>
    /// <param name="metrics">Times to write, by vLLM's names.</param>
    public static string Level(LevelResult level, IReadOnlyCollection<string> metrics)
    {
        var summary = level.Summary;
        var text = new StringBuilder();
        Ruler(text, '=', " Serving Benchmark Result ");
        Row(text, "Successful requests:", summary.Completed);
        Row(text, "Failed requests:", summary.Failed);
        if (summary.Cancelled > 0) Row(text, "Cancelled requests:", summary.Cancelled);
        if (summary.Resent > 0) Row(text, "Requests sent once more:", summary.Resent);
        if (level.ConcurrencyMax is { } limit) Row(text, "Maximum request concurrency:", limit);
        if (level.Rate is { } rate && double.IsFinite(rate)) Row(text, "Request rate configured (RPS):", rate);
        Row(text, "Benchmark duration (s):", summary.Duration);
        Row(text, "Total input tokens:", summary.InputTokens);
        Row(text, "Total generated tokens:", summary.OutputTokens);
        Row(text, "Request throughput (req/s):", summary.RequestThroughput);
        if (summary.Goodput is { } goodput) Row(text, "Request goodput (req/s):", goodput);
        if (summary.Attainment is { } attainment) Row(text, "Requests within the targets (%):", attainment * 100);
        Row(text, "Output token throughput (tok/s):", summary.OutputThroughput);
        Row(text, "Peak output token throughput (tok/s):", summary.PeakTokensPerSecond);
        Row(text, "Peak concurrent requests:", summary.PeakConcurrency);
        Row(text, "Total token throughput (tok/s):", summary.TotalThroughput);
        foreach (var (name, distribution) in MetricNames.Of(summary).Where(entry => metrics.Contains(entry.Key)))
            Times(text, name, distribution);
        if (summary.Failures.Count > 0) Ruler(text, '-', "Failures");
        foreach (var failure in summary.Failures)
        {
            Row(text, failure.Name + ":", failure.Count);
            text.Append("  first: ").Append(failure.Message).Append('\n');
        }
        Ruler(text, '=', "");
        return text.ToString();
    }

    /// <summary>All levels as a table of Markdown, and what they together say.</summary>
    public static string Sweep(LoadReport report)
    {
        var text = new StringBuilder();
        var hasSlo = report.Levels.Any(level => level.Summary.Goodput is not null);
        MarkdownTable.Write(text, SweepHead(hasSlo), report.Levels.Select(level => SweepRow(level, hasSlo)));
        foreach (var sentence in Findings(report)) text.Append('\n').Append(sentence).Append('\n');
        return text.ToString();
    }

    /// <summary>Two runs level by level; ratios above 1 say that the first is better.</summary>
    public static string Comparison(LoadReport report, LoadReport other)
    {
        var text = new StringBuilder();
        MarkdownTable.Write(text,
            [
                "load", $"{report.Setting.Label} tok/s", $"{other.Setting.Label} tok/s", "ratio",
                "TTFT p50, p99 ms", "other", "ratio", "TPOT p50, p99 ms", "other", "ratio",
            ],
            LevelPair.Of(report, other).Select(pair => (IReadOnlyList<string>)
            [
                pair.Level.Name,
                Short(pair.Level.Summary.OutputThroughput), Short(pair.Other.Summary.OutputThroughput),
                Ratio(pair.ThroughputRatio),
                .. Both(pair, summary => summary.Ttft), .. Both(pair, summary => summary.Tpot),
            ]));
        return text.ToString();
    }

    /// <summary>What the levels together say, a sentence each.</summary>
    public static IEnumerable<string> Findings(LoadReport report)
    {
        var findings = report.Findings;
        if (findings.Knee is { } knee)
            yield return $"Knee: {knee.Name}, {Short(knee.Summary.OutputThroughput)} tok/s at "
                + $"{Short(knee.Summary.EndToEnd.Mean)} ms a request"
                + (findings.IsKneeInside ? "." : "; it lies at the edge of the sweep, so go on beyond it.");
        if (report.Setting.Slo is not { } slo) yield break;
        var wanted = Short(report.Setting.AttainmentWanted * 100);
        if (findings.Best is not { } best)
            yield return $"At no level did {wanted} % of the requests meet {slo}.";
        else
            yield return $"Highest load with {wanted} % within {slo}: {best.Name}, "
                + $"goodput {Short(best.Summary.Goodput ?? 0)} req/s"
                + (findings.FirstFailed is null ? "; no level failed, so go on to higher ones."
                    // Where more users got less done, no rate lies between.
                    : findings.RateMax < best.Summary.Goodput ? $"; {findings.FirstFailed.Name} failed."
                    : $"; between it and {findings.FirstFailed.Name} the limit is about "
                        + $"{Short(findings.RateMax ?? 0)} req/s.");
    }

    internal static IReadOnlyList<string> SweepHead(bool hasSlo) =>
    [
        "load", "done", "failed", "req/s", .. hasSlo ? ["goodput", "within %"] : Array.Empty<string>(), "tok/s",
        "TTFT p50 ms", "TTFT p99", "TPOT p50 ms", "TPOT p99", "ITL p99 ms", "E2EL p50 ms",
    ];

    internal static IReadOnlyList<string> SweepRow(LevelResult level, bool hasSlo)
    {
        var summary = level.Summary;
        return
        [
            level.Name, Whole(summary.Completed), Whole(summary.Failed), Short(summary.RequestThroughput),
            .. hasSlo ? [Short(summary.Goodput ?? 0), Short((summary.Attainment ?? 0) * 100)] : Array.Empty<string>(),
            Short(summary.OutputThroughput), Short(summary.Ttft.Median), High(summary.Ttft), Short(summary.Tpot.Median),
            High(summary.Tpot), High(summary.Itl), Short(summary.EndToEnd.Median),
        ];
    }

    /// <summary>Three digits that say something.</summary>
    internal static string Short(double value) => Math.Abs(value) switch
    {
        0 => "0",
        < 1 => value.ToString("0.000", CultureInfo.InvariantCulture),
        < 10 => value.ToString("0.00", CultureInfo.InvariantCulture),
        < 100 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("#,##0", CultureInfo.InvariantCulture),
    };

    internal static string Ratio(double? ratio) =>
        ratio is { } value ? value.ToString("0.00", CultureInfo.InvariantCulture) + "x" : "-";

    private static string[] Both(LevelPair pair, Func<LevelSummary, Distribution> of)
    {
        var (one, two) = (of(pair.Level.Summary), of(pair.Other.Summary));
        return
        [
            $"{Short(one.Median)}, {High(one)}", $"{Short(two.Median)}, {High(two)}",
            $"{Ratio(LevelPair.Faster(one.Median, two.Median))}, {Ratio(LevelPair.Faster(one.At(99), two.At(99)))}",
        ];
    }

    private static string High(Distribution distribution) => distribution.At(99) is { } value ? Short(value) : "-";

    private static string Whole(int value) => value.ToString("#,##0", CultureInfo.InvariantCulture);

    private static void Times(StringBuilder text, string name, Distribution distribution)
    {
        Ruler(text, '-', MetricNames.Title(name));
        var label = name == "ttft_from_send" ? "TTFT from sending" : name.ToUpperInvariant();
        Row(text, $"Mean {label} (ms):", distribution.Mean);
        Row(text, $"Median {label} (ms):", distribution.Median);
        foreach (var (percent, value) in distribution.Percentiles)
            Row(text, $"{Distribution.NameOf(percent).ToUpperInvariant()} {label} (ms):", value);
    }

    private static void Ruler(StringBuilder text, char line, string title)
    {
        var left = (Columns - title.Length) / 2;
        text.Append(line, left).Append(title).Append(line, Columns - left - title.Length).Append('\n');
    }

    private static void Row(StringBuilder text, string label, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{label,-LabelColumns}{value:0.00}\n");

    private static void Row(StringBuilder text, string label, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"{label,-LabelColumns}{value}\n");
}
