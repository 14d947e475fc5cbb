namespace Minka.LoadTest.Results;

/// <summary>The measured times by vLLM's names.</summary>
public static class MetricNames
{
    /// <summary>What <c>--percentile-metrics</c> may name, in reading order.</summary>
    public static IReadOnlyList<string> All { get; } = ["ttft", "ttft_from_send", "tpot", "itl", "e2el"];

    /// <summary>Every time of a level.</summary>
    public static IEnumerable<KeyValuePair<string, Distribution>> Of(LevelSummary summary) =>
        All.Zip([summary.Ttft, summary.TtftFromSend, summary.Tpot, summary.Itl, summary.EndToEnd], KeyValuePair.Create);

    /// <summary>For people: <c>Time to first token</c>.</summary>
    public static string Title(string name) => name switch
    {
        "ttft" => "Time to First Token",
        "ttft_from_send" => "Time to First Token, from sending",
        "tpot" => "Time per Output Token (excl. 1st token)",
        "itl" => "Inter-token Latency",
        _ => "End-to-end Latency",
    };
}
