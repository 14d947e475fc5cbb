using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Client;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Tests.Results;

/// <summary>Runs with times that can be checked by eye.</summary>
internal static class SampleRuns
{
    public static readonly Slo Targets = new(150, 40, null);

    /// <summary>Sent at <paramref name="at"/>, first token 100 ms later, then 10 gaps.</summary>
    public static RequestOutcome Request(
        double at, double ttft = 0.1, double gap = 0.03, Failure? failure = null) => new()
        {
            PlannedAt = at,
            SentAt = at,
            FirstTokenAt = failure is null ? at + ttft : null,
            Gaps = failure is null ? [.. Enumerable.Repeat(gap, 10)] : [],
            EndAt = at + ttft + 10 * gap,
            PromptTokens = 20,
            OutputTokens = failure is null ? 11 : 0,
            IsCounted = true,
            Failure = failure,
        };

    public static LevelResult Level(LoadLevel level, double ttft, double gap, double rate, int count = 20) =>
        LevelResult.Of(
            new(level, [.. Enumerable.Range(0, count).Select(i => Request(i / rate, ttft, gap))], count / rate, false),
            Targets, [90, 99]);

    /// <summary>Four levels: two within the targets, two not; the knee at the second.</summary>
    public static LoadReport Sweep(string label = "minka") => new(Setting(label),
    [
        Level(new(new GammaArrivals(1), null), 0.1, 0.02, 1), Level(new(new GammaArrivals(2), null), 0.12, 0.03, 2),
        Level(new(new GammaArrivals(4), null), 0.4, 0.1, 2.4), Level(new(new GammaArrivals(8), null), 2, 0.3, 2.5),
    ]);

    public static LoadSetting Setting(string label) => new()
    {
        Label = label,
        Url = "http://127.0.0.1:8000/",
        Backend = "openai",
        Model = "<script>alert(1)</script>",
        Workload = "random words",
        Date = new(2026, 11, 21, 12, 30, 0, TimeSpan.Zero),
        Slo = Targets,
        Metadata = [new("threads", "2")],
    };
}
