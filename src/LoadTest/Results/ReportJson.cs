using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>
/// Writes results with the keys of vLLM's <c>bench serve</c>, so that what reads those reads these. A sweep is an
/// object whose <c>sweep</c> lists one such object a level.
/// </summary>
public static class ReportJson
{
    /// <summary>Time of the file names and of <c>date</c>, as vLLM writes it.</summary>
    public const string DateFormat = "yyyyMMdd-HHmmss";

    /// <summary>Quotes and letters of all scripts as they are: what is written here goes into no web page.</summary>
    private static readonly JavaScriptEncoder _readable = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The whole report as one line.</summary>
    /// <param name="report">What is written.</param>
    /// <param name="isDetailed">With every request: lengths, times, errors.</param>
    /// <param name="isIndented">Over many lines.</param>
    public static string Write(LoadReport report, bool isDetailed, bool isIndented = false)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Indented = isIndented, Encoder = _readable }))
        {
            if (report.Levels is [var only]) WriteLevel(json, report, only, isDetailed);
            else WriteSweep(json, report, isDetailed);
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteSweep(Utf8JsonWriter json, LoadReport report, bool isDetailed)
    {
        json.WriteStartObject();
        WriteSetting(json, report.Setting);
        var findings = report.Findings;
        if (findings.Knee is { } knee) json.WriteString("knee", knee.Name);
        if (findings.Best is { } best) json.WriteString("best_within_slo", best.Name);
        if (findings.RateMax is { } rate) Number(json, "request_rate_max_within_slo", rate);
        json.WriteStartArray("sweep");
        foreach (var level in report.Levels) WriteLevel(json, report, level, isDetailed);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSetting(Utf8JsonWriter json, LoadSetting setting)
    {
        json.WriteString("date", setting.Date.ToString(DateFormat, CultureInfo.InvariantCulture));
        json.WriteString("endpoint_type", setting.Backend);
        json.WriteString("backend", setting.Backend);
        json.WriteString("label", setting.Label);
        json.WriteString("model_id", setting.Model);
        json.WriteString("base_url", setting.Url);
        if (setting.ServerVersion is { } version) json.WriteString("server_version", version);
        json.WriteString("workload", setting.Workload);
        json.WriteString("token_counts", setting.TokenCounts);
        json.WriteString("machine", setting.Machine);
        json.WriteString("tool", setting.Tool);
        json.WriteNumber("seed", setting.Seed);
        if (setting.Slo is { } slo)
        {
            json.WriteStartObject("goodput_slo_ms");
            if (slo.TtftMs is { } ttft) json.WriteNumber("ttft", ttft);
            if (slo.TpotMs is { } tpot) json.WriteNumber("tpot", tpot);
            if (slo.EndToEndMs is { } whole) json.WriteNumber("e2el", whole);
            json.WriteEndObject();
            json.WriteNumber("slo_attainment_wanted", setting.AttainmentWanted);
        }
        foreach (var (key, value) in setting.Metadata) json.WriteString(key, value);
    }

    private static void WriteLevel(Utf8JsonWriter json, LoadReport report, LevelResult level, bool isDetailed)
    {
        json.WriteStartObject();
        if (report.Levels.Count == 1) WriteSetting(json, report.Setting);
        WriteTraffic(json, level);
        WriteCounts(json, level.Summary);
        foreach (var (name, distribution) in MetricNames.Of(level.Summary))
        {
            Number(json, $"mean_{name}_ms", distribution.Mean);
            Number(json, $"median_{name}_ms", distribution.Median);
            Number(json, $"std_{name}_ms", distribution.Std);
            foreach (var (percent, value) in distribution.Percentiles)
                Number(json, $"{Distribution.NameOf(percent)}_{name}_ms", value);
        }
        if (isDetailed) WriteRequests(json, level.Requests);
        json.WriteEndObject();
    }

    private static void WriteTraffic(Utf8JsonWriter json, LevelResult level)
    {
        json.WriteString("level", level.Name);
        json.WriteString("arrivals", level.Description);
        json.WriteNumber("num_prompts", level.Summary.Completed + level.Summary.Failed + level.Summary.Cancelled);
        if (level.Rate is { } rate && double.IsFinite(rate)) Number(json, "request_rate", rate);
        else json.WriteString("request_rate", "inf");
        json.WriteBoolean("closed_loop", level.Rate is null);
        if (level.ConcurrencyMax is { } limit) json.WriteNumber("max_concurrency", limit);
        else json.WriteNull("max_concurrency");
        json.WriteBoolean("interrupted", level.IsInterrupted);
    }

    private static void WriteCounts(Utf8JsonWriter json, LevelSummary summary)
    {
        json.WriteNumber("duration", Math.Round(summary.Duration, 9));
        json.WriteNumber("completed", summary.Completed);
        json.WriteNumber("failed", summary.Failed);
        json.WriteNumber("cancelled", summary.Cancelled);
        json.WriteNumber("resent", summary.Resent);
        json.WriteNumber("total_input_tokens", summary.InputTokens);
        json.WriteNumber("total_output_tokens", summary.OutputTokens);
        Number(json, "request_throughput", summary.RequestThroughput);
        if (summary.Goodput is { } goodput) Number(json, "request_goodput", goodput);
        else json.WriteNull("request_goodput");
        if (summary.Attainment is { } attainment) Number(json, "slo_attainment", attainment);
        Number(json, "output_throughput", summary.OutputThroughput);
        Number(json, "total_token_throughput", summary.TotalThroughput);
        Number(json, "max_output_tokens_per_s", summary.PeakTokensPerSecond);
        json.WriteNumber("max_concurrent_requests", summary.PeakConcurrency);
        Number(json, "tokens_per_event", summary.TokensPerEvent);
        Number(json, "send_lag_p99_ms", summary.SendLagMs);
        json.WriteBoolean("tokens_counted_by_server", summary.IsCounted);
        json.WriteStartArray("failures");
        foreach (var failure in summary.Failures)
        {
            json.WriteStartObject();
            json.WriteString("kind", failure.Name);
            json.WriteNumber("count", failure.Count);
            json.WriteString("first_message", failure.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteRequests(Utf8JsonWriter json, IReadOnlyList<RequestOutcome> requests)
    {
        Numbers("input_lens", request => request.PromptTokens);
        Numbers("output_lens", request => request.OutputTokens);
        Numbers("ttfts", request => request.FirstTokenAt is null ? 0 : request.Ttft);
        json.WriteStartArray("itls");
        foreach (var request in requests)
        {
            json.WriteStartArray();
            foreach (var gap in request.Gaps) json.WriteNumberValue(Math.Round(gap, 6));
            json.WriteEndArray();
        }
        json.WriteEndArray();
        Numbers("start_times", request => request.SentAt);
        Numbers("planned_times", request => request.PlannedAt);
        Numbers("end_times", request => request.EndAt);
        json.WriteStartArray("errors");
        foreach (var request in requests)
            json.WriteStringValue(request.Failure is { } failure ? $"{failure.Name}: {failure.Message}" : "");
        json.WriteEndArray();

        void Numbers(string key, Func<RequestOutcome, double> value)
        {
            json.WriteStartArray(key);
            foreach (var request in requests) json.WriteNumberValue(Math.Round(value(request), 6));
            json.WriteEndArray();
        }
    }

    private static void Number(Utf8JsonWriter json, string key, double value) =>
        json.WriteNumber(key, double.IsFinite(value) ? Math.Round(value, 6) : 0);
}
