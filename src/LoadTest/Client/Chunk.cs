using System.Text.Json;

namespace Minka.LoadTest.Client;

/// <summary>What one event of an answer says.</summary>
/// <param name="HasOutput">It carries a token: text, reasoning or a part of a tool call.</param>
/// <param name="IsFinished">It says why the answer ended.</param>
/// <param name="PromptTokens">The server's count; null where it says none.</param>
/// <param name="OutputTokens">The server's count; null where it says none.</param>
internal readonly record struct Chunk(bool HasOutput, bool IsFinished, int? PromptTokens, int? OutputTokens)
{
    /// <summary>Reads an event of chat completions or completions.</summary>
    /// <exception cref="StreamFaultException">It is an error, or not the JSON of a chunk.</exception>
    public static Chunk Parse(ReadOnlyMemory<byte> data)
    {
        try
        {
            using var json = JsonDocument.Parse(data);
            return Read(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new StreamFaultException(FailureKind.BadEvent, $"the event '{Excerpt(data)}', which is no chunk");
        }
    }

    private static Chunk Read(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error)
            && error.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
            throw new StreamFaultException(FailureKind.ErrorEvent, ErrorText(error));
        var usage = Property(root, "usage", JsonValueKind.Object);
        var choices = Property(root, "choices", JsonValueKind.Array);
        if (usage is null && choices is null)
            throw new StreamFaultException(FailureKind.BadEvent, "an event without choices and without usage");
        var (hasOutput, isFinished) = (false, false);
        foreach (var choice in choices?.EnumerateArray() ?? default)
        {
            isFinished |= Property(choice, "finish_reason", JsonValueKind.String) is not null;
            hasOutput |= HasText(choice, "text", isFinished) || DeltaHasOutput(choice, isFinished);
        }
        return new(hasOutput, isFinished, Count(usage, "prompt_tokens"), Count(usage, "completion_tokens"));
    }

    /// <summary>
    /// A chunk with an empty text and neither role nor end is a token whose letters are held back, or that has none.
    /// </summary>
    private static bool DeltaHasOutput(JsonElement choice, bool isFinished)
    {
        if (Property(choice, "delta", JsonValueKind.Object) is not { } delta) return false;
        var isFirst = delta.TryGetProperty("role", out _);
        return HasText(delta, "content", isFinished || isFirst) || HasText(delta, "reasoning_content", true)
            || HasText(delta, "reasoning", true) || Property(delta, "tool_calls", JsonValueKind.Array) is not null;
    }

    private static bool HasText(JsonElement element, string name, bool mustHaveLetters) =>
        Property(element, name, JsonValueKind.String) is { } text && !(mustHaveLetters && text.ValueEquals(""));

    private static JsonElement? Property(JsonElement element, string name, JsonValueKind kind) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

    private static int? Count(JsonElement? usage, string name) =>
        usage is { } counts && counts.TryGetProperty(name, out var count) && count.ValueKind == JsonValueKind.Number
            && count.TryGetInt32(out var tokens) && tokens >= 0 ? tokens : null;

    private static string ErrorText(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message)
            ? Failure.Excerpt(message.ToString()) : Failure.Excerpt(error.ToString());

    private static string Excerpt(ReadOnlyMemory<byte> data) =>
        Failure.Excerpt(System.Text.Encoding.UTF8.GetString(data.Span[..Math.Min(200, data.Length)]));
}
