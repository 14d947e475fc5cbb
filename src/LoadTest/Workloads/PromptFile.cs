using System.Text.Json;

namespace Minka.LoadTest.Workloads;

/// <summary>Prompts that people wrote: ShareGPT's JSON, vLLM's custom JSON lines, or plain lines of text.</summary>
public static class PromptFile
{
    private const long BytesMax = 1L << 29;
    private const double TokensPerWord = 1.3;

    /// <summary>Reads ShareGPT's JSON: the first turn is the prompt, the second says how many tokens to make.</summary>
    /// <param name="path">File: a list of <c>{"conversations":[{"value":"…"},…]}</c>.</param>
    /// <param name="countMax">Requests at most, drawn by <paramref name="seed"/>.</param>
    /// <param name="outputTokens">Tokens to make; null for the length of the recorded answer.</param>
    /// <param name="seed">Of chance.</param>
    /// <exception cref="LoadTestException">It is no such file, or has no conversation of two turns.</exception>
    public static IReadOnlyList<RequestShape> ReadShareGpt(string path, int countMax, int? outputTokens, int seed)
    {
        using var json = Parse(path, ReadText(path));
        if (json.RootElement.ValueKind != JsonValueKind.Array)
            throw new LoadTestException($"'{path}' is no JSON list; ShareGPT's file is a list of conversations.");
        var shapes = new List<RequestShape>();
        foreach (var entry in json.RootElement.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("conversations", out var turns)
                || turns.ValueKind != JsonValueKind.Array || turns.GetArrayLength() < 2) continue;
            if (Value(turns[0]) is { Length: > 0 } prompt && Value(turns[1]) is { Length: > 0 } answer)
                shapes.Add(new(Estimate(prompt), outputTokens ?? Estimate(answer)) { Text = prompt });
        }
        if (shapes.Count == 0) throw new LoadTestException($"'{path}' holds no conversation of two turns.");
        new Random(seed).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(shapes));
        return shapes.Count <= countMax ? shapes : shapes[..countMax];
    }

    /// <summary>
    /// Reads prompts line by line: <c>{"prompt":"…","output_tokens":n}</c> or plain text, again from the start when
    /// there are too few.
    /// </summary>
    /// <param name="path">File.</param>
    /// <param name="count">Requests.</param>
    /// <param name="outputTokens">Tokens to make where the line does not say.</param>
    /// <exception cref="LoadTestException">It has no line, or one that is not as the first.</exception>
    public static IReadOnlyList<RequestShape> ReadLines(string path, int count, int outputTokens)
    {
        var shapes = new List<RequestShape>();
        var lines = ReadText(path).Split('\n').Select(line => line.TrimEnd('\r'));
        foreach (var line in lines.Where(line => line.Length > 0).Take(count))
            shapes.Add(line[0] == '{'
                ? Custom(path, line, outputTokens) : new(Estimate(line), outputTokens) { Text = line });
        if (shapes.Count == 0) throw new LoadTestException($"'{path}' is empty; each line is a prompt.");
        return [.. Enumerable.Range(0, count).Select(i => shapes[i % shapes.Count])];
    }

    private static RequestShape Custom(string path, string line, int outputTokens)
    {
        using var json = Parse(path, line);
        if (!json.RootElement.TryGetProperty("prompt", out var prompt) || prompt.ValueKind != JsonValueKind.String)
            throw new LoadTestException($$"""'{{path}}' has a line without "prompt"; each is {"prompt": "…"}.""");
        var asked = json.RootElement.TryGetProperty("output_tokens", out var tokens)
            && tokens.TryGetInt32(out var own) && own > 0 ? own : outputTokens;
        return new(Estimate(prompt.GetString()!), asked) { Text = prompt.GetString()! };
    }

    private static string? Value(JsonElement turn) =>
        turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty("value", out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>For planning only: what is reported is the server's own count.</summary>
    private static int Estimate(string text) =>
        Math.Max(1, (int)(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length * TokensPerWord));

    private static string ReadText(string path) => new FileInfo(path) switch
    {
        { Exists: false } => throw new LoadTestException($"There is no file of prompts '{path}'."),
        { Length: > BytesMax } file => throw new LoadTestException(
            $"'{path}' has {file.Length} bytes; a file of prompts has at most {BytesMax}."),
        _ => File.ReadAllText(path),
    };

    private static JsonDocument Parse(string path, string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new LoadTestException($"'{path}' is not JSON: {error.Message}", error);
        }
    }
}
