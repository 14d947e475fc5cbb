using System.Globalization;
using System.Text.Json;
using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>
/// Reads what <see cref="ReportJson"/> and vLLM's <c>bench serve --save-result</c> wrote. Requests are there only if
/// the file was saved with its details.
/// </summary>
public static class ReportFile
{
    private const long BytesMax = 1L << 29;

    /// <summary>Reads a file.</summary>
    /// <exception cref="LoadTestException">It is not such a file.</exception>
    public static LoadReport Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new LoadTestException($"There is no result '{path}'.");
        if (file.Length > BytesMax)
            throw new LoadTestException($"'{path}' has {file.Length} bytes; a result has at most {BytesMax}.");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            var slo = ReadSlo(root);
            var levels = root.TryGetProperty("sweep", out var sweep)
                ? sweep.EnumerateArray().Select(ReadLevel).ToList() : [ReadLevel(root)];
            if (levels.Count == 0) throw new LoadTestException($"'{path}' holds a sweep without levels.");
            return new(ReadSetting(root, slo, path), levels);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new LoadTestException($"'{path}' is no result of bench serve ({error.Message.TrimEnd('.')}); "
                + "--save-result writes one.", error);
        }
    }

    private static LoadSetting ReadSetting(JsonElement root, Slo? slo, string path) => new()
    {
        Label = Text(root, "label") ?? Path.GetFileNameWithoutExtension(path),
        Url = Text(root, "base_url") ?? "",
        Backend = Text(root, "backend") ?? "openai",
        Model = Text(root, "model_id") ?? "",
        ServerVersion = Text(root, "server_version"),
        Workload = Text(root, "workload") ?? "",
        TokenCounts = Text(root, "token_counts") ?? "",
        Machine = Text(root, "machine") ?? "",
        Tool = Text(root, "tool") ?? "vllm bench serve",
        Seed = (int)(Number(root, "seed") ?? 0),
        Date = DateTimeOffset.TryParseExact(Text(root, "date"), ReportJson.DateFormat, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var date) ? date : default,
        Slo = slo,
        AttainmentWanted = Number(root, "slo_attainment_wanted") ?? 0.9,
    };

    private static Slo? ReadSlo(JsonElement root) => root.TryGetProperty("goodput_slo_ms", out var slo)
        ? new(Number(slo, "ttft"), Number(slo, "tpot"), Number(slo, "e2el")) : null;

    private static LevelResult ReadLevel(JsonElement root)
    {
        var limit = Number(root, "max_concurrency");
        var rate = Number(root, "request_rate");
        // vLLM has no word for a closed loop: a limit and no rate is what it calls one.
        var isClosed = root.TryGetProperty("closed_loop", out var closed)
            ? closed.GetBoolean() : rate is null && limit is not null;
        var requests = ReadRequests(root);
        var name = Text(root, "level")
            ?? (rate is { } perSecond ? string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.###} req/s")
                : limit is { } users ? string.Create(CultureInfo.InvariantCulture, $"{users} users") : "all at once");
        return new(name, Text(root, "arrivals") ?? name,
            isClosed ? null : rate ?? double.PositiveInfinity, (int?)limit, ReadSummary(root), requests,
            root.TryGetProperty("interrupted", out var interrupted) && interrupted.GetBoolean());
    }

    private static LevelSummary ReadSummary(JsonElement root) => new()
    {
        Duration = root.GetProperty("duration").GetDouble(),
        Completed = root.GetProperty("completed").GetInt32(),
        Failed = (int)(Number(root, "failed") ?? 0),
        Cancelled = (int)(Number(root, "cancelled") ?? 0),
        Resent = (int)(Number(root, "resent") ?? 0),
        InputTokens = root.GetProperty("total_input_tokens").GetInt64(),
        OutputTokens = root.GetProperty("total_output_tokens").GetInt64(),
        Goodput = Number(root, "request_goodput"),
        Attainment = Number(root, "slo_attainment"),
        PeakTokensPerSecond = Number(root, "max_output_tokens_per_s") ?? 0,
        PeakConcurrency = (int)(Number(root, "max_concurrent_requests") ?? 0),
        Ttft = ReadDistribution(root, "ttft"),
        TtftFromSend = ReadDistribution(root, root.TryGetProperty("mean_ttft_from_send_ms", out _)
            ? "ttft_from_send" : "ttft"),
        Tpot = ReadDistribution(root, "tpot"),
        Itl = ReadDistribution(root, "itl"),
        EndToEnd = ReadDistribution(root, "e2el"),
        TokensPerEvent = Number(root, "tokens_per_event") ?? 1,
        SendLagMs = Number(root, "send_lag_p99_ms") ?? 0,
        Failures = !root.TryGetProperty("failures", out var failures) ? [] :
        [
            .. failures.EnumerateArray().Select(failure => new FailureCount(
                failure.GetProperty("kind").GetString() ?? "", failure.GetProperty("count").GetInt32(),
                Text(failure, "first_message") ?? "")),
        ],
    };

    private static Distribution ReadDistribution(JsonElement root, string name)
    {
        var suffix = $"_{name}_ms";
        var percentiles = new SortedDictionary<double, double>();
        foreach (var field in root.EnumerateObject())
        {
            if (field.Name.StartsWith('p') && field.Name.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(field.Name.AsSpan(1, field.Name.Length - 1 - suffix.Length),
                    CultureInfo.InvariantCulture, out var percent)) percentiles[percent] = field.Value.GetDouble();
        }
        return new(Number(root, "mean" + suffix) ?? 0, Number(root, "median" + suffix) ?? 0,
            Number(root, "std" + suffix) ?? 0, [.. percentiles]);
    }

    private static List<RequestOutcome> ReadRequests(JsonElement root)
    {
        if (!root.TryGetProperty("itls", out var itls)) return [];
        var (inputs, outputs, ttfts) = (Numbers("input_lens"), Numbers("output_lens"), Numbers("ttfts"));
        var errors = root.TryGetProperty("errors", out var texts)
            ? texts.EnumerateArray().Select(text => text.GetString() ?? "").ToList() : [];
        var sent = Numbers("start_times");
        // vLLM's times are those of its own clock.
        var origin = root.TryGetProperty("planned_times", out _) ? 0 : sent.DefaultIfEmpty().Min();
        var planned = root.TryGetProperty("planned_times", out _) ? Numbers("planned_times") : sent;
        var ends = root.TryGetProperty("end_times", out _) ? Numbers("end_times") : null;
        var requests = new List<RequestOutcome>();
        foreach (var (i, gaps) in itls.EnumerateArray().Index())
        {
            var seconds = gaps.EnumerateArray().Select(gap => gap.GetDouble()).ToList();
            var first = planned[i] - origin + ttfts[i];
            requests.Add(new()
            {
                PlannedAt = planned[i] - origin,
                SentAt = sent[i] - origin,
                FirstTokenAt = ttfts[i] > 0 ? first : null,
                Gaps = seconds,
                EndAt = ends?[i] ?? first + seconds.Sum(),
                PromptTokens = (int)inputs[i],
                OutputTokens = (int)outputs[i],
                Failure = errors.Count > i && errors[i].Length > 0 ? Failure.Parse(errors[i]) : null,
            });
        }
        return requests;

        List<double> Numbers(string key) => [.. root.GetProperty(key).EnumerateArray().Select(it => it.GetDouble())];
    }

    private static string? Text(JsonElement root, string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement root, string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
