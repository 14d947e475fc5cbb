using System.Globalization;
using System.Text.Json;

namespace Minka.Cli.Measuring;

/// <summary>Where and with what a bench ran; the same for all its rows but for the threads.</summary>
/// <param name="ModelFile">Path.</param>
/// <param name="ModelType">Family, size and format, as in <c>llama 4.46 M Q8_0</c>.</param>
/// <param name="ModelBytes">Weights in the file.</param>
/// <param name="Parameters">Weights counted one by one.</param>
/// <param name="DecodeBytes">Weights that one token reads.</param>
/// <param name="Processor">Processor model.</param>
/// <param name="Backend">Name for the table.</param>
/// <param name="StepTokens">Tokens of a step at most.</param>
/// <param name="KvType">How keys and values are stored.</param>
/// <param name="ReadBytesPerSecond">Measured read bandwidth of memory with these threads; 0 when not measured.</param>
/// <param name="Version">Minka's.</param>
internal sealed record BenchSubject(
    string ModelFile, string ModelType, long ModelBytes, long Parameters, long DecodeBytes, string Processor,
    string Backend, int StepTokens, string KvType, double ReadBytesPerSecond, string Version);

/// <summary>One measured row.</summary>
internal sealed record BenchRow(BenchSubject Subject, int Threads, BenchResult Result, DateTimeOffset At)
{
    /// <summary>Weight bytes read per second; only decoding is bound by them.</summary>
    public double? ReadRate => Result.Test.Generated > 0 ? Result.Rate * Subject.DecodeBytes : null;

    /// <summary>Share of the measured bandwidth.</summary>
    public double? ReadShare => Subject.ReadBytesPerSecond > 0 ? ReadRate / Subject.ReadBytesPerSecond : null;
}

/// <summary>Writes rows as llama-bench does, and beside them GB/s and its share of what memory can give.</summary>
internal static class BenchReport
{
    private static readonly (string Title, int Width)[] _columns =
    [
        ("model", -30), ("size", 10), ("params", 10), ("backend", -10), ("threads", 7), ("test", 15), ("t/s", 20),
        ("GB/s", 7), ("of peak", 8),
    ];

    /// <summary>The table's head.</summary>
    public static string MarkdownHead()
    {
        var titles = _columns.Select(column => Pad(column.Title, column.Width));
        var rulers = _columns.Select(column =>
            new string('-', Math.Abs(column.Width) - (column.Width > 0 ? 1 : 0)) + (column.Width > 0 ? ":" : ""));
        return $"| {string.Join(" | ", titles)} |\n| {string.Join(" | ", rulers)} |";
    }

    /// <summary>One line of the table.</summary>
    public static string Markdown(BenchRow row)
    {
        string[] cells =
        [
            row.Subject.ModelType, Size(row.Subject.ModelBytes), Count(row.Subject.Parameters), row.Subject.Backend,
            Text($"{row.Threads}"), row.Result.Test.Name,
            Text($"{row.Result.Rate:F2} ± {row.Result.RateDeviation:F2}"),
            row.ReadRate is { } rate ? Text($"{rate / 1e9:F1}") : "",
            row.ReadShare is { } share ? Text($"{share * 100:F0} %") : "",
        ];
        return $"| {string.Join(" | ", cells.Zip(_columns, (cell, column) => Pad(cell, column.Width)))} |";
    }

    /// <summary>All rows as one JSON array with llama-bench's keys.</summary>
    public static string Json(IEnumerable<BenchRow> rows) => Cli.Json.Write(json =>
    {
        json.WriteStartArray();
        foreach (var row in rows)
        {
            json.WriteStartObject();
            foreach (var (key, value) in Fields(row)) Write(json, key, value);
            json.WriteStartArray("samples_ns");
            foreach (var sample in row.Result.Samples) json.WriteNumberValue(Nanoseconds(sample));
            json.WriteEndArray();
            json.WriteStartArray("samples_ts");
            foreach (var rate in row.Result.Rates) json.WriteNumberValue(Math.Round(rate, 4));
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }, isIndented: true);

    /// <summary>The names of the columns, comma-separated.</summary>
    public static string CsvHead(BenchRow row) => string.Join(',', Fields(row).Select(field => field.Key));

    /// <summary>One line, every value quoted.</summary>
    public static string Csv(BenchRow row) => string.Join(',', Fields(row).Select(field => Quoted(field.Value)));

    private static string Quoted(object value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static IEnumerable<(string Key, object Value)> Fields(BenchRow row)
    {
        var (subject, result) = (row.Subject, row.Result);
        yield return ("build_commit", subject.Version);
        yield return ("cpu_info", subject.Processor);
        yield return ("backends", subject.Backend);
        yield return ("model_filename", subject.ModelFile);
        yield return ("model_type", subject.ModelType);
        yield return ("model_size", subject.ModelBytes);
        yield return ("model_n_params", subject.Parameters);
        yield return ("n_batch", subject.StepTokens);
        yield return ("n_ubatch", subject.StepTokens);
        yield return ("n_threads", row.Threads);
        yield return ("type_k", subject.KvType);
        yield return ("type_v", subject.KvType);
        yield return ("n_prompt", result.Test.Prompt);
        yield return ("n_gen", result.Test.Generated);
        yield return ("n_depth", result.Test.Depth);
        yield return ("test_time", row.At.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        yield return ("avg_ns", (long)result.Samples.Average(Nanoseconds));
        yield return ("stddev_ns", (long)(result.Samples.Average(it => it.TotalNanoseconds)
            * result.RateDeviation / result.Rate));
        yield return ("avg_ts", Math.Round(result.Rate, 4));
        yield return ("stddev_ts", Math.Round(result.RateDeviation, 4));
        yield return ("weight_gb_per_s", Math.Round((row.ReadRate ?? 0) / 1e9, 3));
        yield return ("read_bandwidth_gb_per_s", Math.Round(subject.ReadBytesPerSecond / 1e9, 3));
    }

    private static void Write(Utf8JsonWriter json, string key, object value)
    {
        if (value is string text) json.WriteString(key, text);
        else if (value is double number) json.WriteNumber(key, number);
        else json.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
    }

    /// <summary>Bytes as llama-bench writes them.</summary>
    public static string Size(long bytes) => bytes >= 1L << 30
        ? Text($"{bytes / (double)(1L << 30):F2} GiB")
        : Text($"{bytes / (double)(1L << 20):F2} MiB");

    /// <summary>Parameters as llama-bench writes them.</summary>
    public static string Count(long parameters) => parameters >= 1_000_000_000
        ? Text($"{parameters / 1e9:F2} B")
        : Text($"{parameters / 1e6:F2} M");

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Pad(string text, int width) => width < 0 ? text.PadRight(-width) : text.PadLeft(width);
}
