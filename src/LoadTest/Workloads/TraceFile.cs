using System.Globalization;
using System.Text.Json;

namespace Minka.LoadTest.Workloads;

/// <summary>
/// Recorded requests: lengths, and times where the file has them. The columns say what a file is, not its name: CSV of
/// Azure (<c>TIMESTAMP,ContextTokens,GeneratedTokens</c>), of Vidur
/// (<c>arrived_at,num_prefill_tokens,num_decode_tokens</c>) and of Helix (<c>input_tokens,output_tokens</c>), JSON
/// lines of Mooncake (<c>timestamp</c> in ms, <c>input_length</c>, <c>output_length</c>, <c>hash_ids</c>).
/// </summary>
public static class TraceFile
{
    private const long BytesMax = 1L << 30;
    private const int TokensMax = 1 << 24;

    private static readonly string[] _times = ["TIMESTAMP", "arrived_at", "timestamp"];
    private static readonly string[] _prompts =
        ["ContextTokens", "num_prefill_tokens", "input_tokens", "input_length", "prompt_tokens"];
    private static readonly string[] _outputs =
        ["GeneratedTokens", "num_decode_tokens", "output_tokens", "output_length", "completion_tokens"];

    /// <summary>The requests of a file in its order; those without a token to read or to make are left out.</summary>
    /// <param name="path">File.</param>
    /// <param name="countMax">Stops after so many.</param>
    /// <param name="totalTokensMax">Leaves out requests whose prompt and answer together are longer.</param>
    /// <exception cref="LoadTestException">It is no trace, or holds no request.</exception>
    public static IReadOnlyList<RequestShape> Read(string path, int countMax, int totalTokensMax)
    {
        var size = new FileInfo(path) is { Exists: true } file
            ? file.Length
            : throw new LoadTestException($"There is no trace '{path}'.");
        if (size > BytesMax)
            throw new LoadTestException($"'{path}' has {size} bytes; a trace has at most {BytesMax}.");
        var shapes = new List<RequestShape>();
        foreach (var shape in Rows(path))
        {
            if (shape is not { PromptTokens: > 0, OutputTokens: > 0 }) continue;
            if ((long)shape.PromptTokens + shape.OutputTokens > totalTokensMax) continue;
            shapes.Add(shape);
            if (shapes.Count == countMax) break;
        }
        if (shapes.Count == 0)
            throw new LoadTestException($"'{path}' holds no request of at most {totalTokensMax} tokens.");
        return shapes;
    }

    private static IEnumerable<RequestShape> Rows(string path)
    {
        using var reader = new StreamReader(path);
        var first = (char)reader.Peek();
        return [.. first == '{' ? JsonRows(path, reader) : TextRows(path, reader)];
    }

    private static IEnumerable<RequestShape> TextRows(string path, StreamReader reader)
    {
        var head = (reader.ReadLine() ?? "").TrimStart('\uFEFF').Split(',');
        var (time, prompt, output) = (Find(head, _times), Find(head, _prompts), Find(head, _outputs));
        if (prompt < 0 || output < 0)
            throw new LoadTestException($"'{path}' begins with '{Shorten(string.Join(',', head))}'; a trace has a "
                + $"column of prompt lengths ({string.Join(", ", _prompts)}) and one of answers "
                + $"({string.Join(", ", _outputs)}).");
        for (var row = 2; reader.ReadLine() is { } line; row++)
        {
            if (line.Length == 0) continue;
            var cells = line.Split(',');
            if (cells.Length != head.Length)
                throw new LoadTestException(
                    $"'{path}' line {row} has {cells.Length} columns; its head has {head.Length}.");
            yield return new(Tokens(path, row, cells[prompt]), Tokens(path, row, cells[output]))
            {
                At = time < 0 ? null : Seconds(path, row, cells[time]),
            };
        }
    }

    private static IEnumerable<RequestShape> JsonRows(string path, StreamReader reader)
    {
        for (var row = 1; reader.ReadLine() is { } line; row++)
        {
            if (line.Length == 0) continue;
            yield return JsonRow(path, row, line);
        }
    }

    private static RequestShape JsonRow(string path, int row, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new(
                Tokens(path, row, root.GetProperty("input_length").GetRawText()),
                Tokens(path, row, root.GetProperty("output_length").GetRawText()))
            {
                At = root.TryGetProperty("timestamp", out var at) ? at.GetDouble() / 1000 : null,
                Blocks = root.TryGetProperty("hash_ids", out var ids)
                    ? [.. ids.EnumerateArray().Select(id => id.GetInt64())] : [],
            };
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new LoadTestException($"'{path}' line {row} is '{Shorten(line)}'; a trace of JSON lines has the keys "
                + "timestamp (ms), input_length, output_length and hash_ids.", error);
        }
    }

    private static int Find(string[] head, string[] names) =>
        Array.FindIndex(head, cell => names.Contains(cell.Trim(), StringComparer.OrdinalIgnoreCase));

    private static int Tokens(string path, int row, string text) =>
        int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var tokens)
            && tokens is >= 0 and <= TokensMax
            ? tokens
            : throw new LoadTestException(
                $"'{path}' line {row} has the length '{Shorten(text)}'; a length is a whole number up to {TokensMax}.");

    private static double Seconds(string path, int row, string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && double.IsFinite(seconds)) return seconds;
        // Azure writes seven decimals, which is .NET's own resolution.
        if (DateTime.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            return (at - DateTime.UnixEpoch).TotalSeconds;
        throw new LoadTestException(
            $"'{path}' line {row} has the time '{Shorten(text)}'; a time is a number of seconds or a date.");
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
