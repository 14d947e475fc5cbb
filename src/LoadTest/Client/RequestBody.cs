using System.Text.Json;

namespace Minka.LoadTest.Client;

/// <summary>Writes requests as JSON, before the run, so that the run itself only sends.</summary>
internal static class RequestBody
{
    /// <summary>One streamed request.</summary>
    /// <param name="target">What every request says.</param>
    /// <param name="isTokenFieldOld">Chat limits its tokens by <c>max_tokens</c>, as older servers know it.</param>
    /// <param name="prompt">Text.</param>
    /// <param name="outputTokens">Tokens to make at most.</param>
    public static byte[] Write(LoadTarget target, bool isTokenFieldOld, string prompt, int outputTokens)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteOwn(json, target, prompt, isTokenFieldOld, outputTokens);
            if (target.ExtraBody.ValueKind == JsonValueKind.Object)
                foreach (var field in target.ExtraBody.EnumerateObject()) field.WriteTo(json);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static void WriteOwn(
        Utf8JsonWriter json, LoadTarget target, string prompt, bool isTokenFieldOld, int outputTokens)
    {
        if (IsOurs("model")) json.WriteString("model", target.Model);
        if (target.IsChat && IsOurs("messages"))
        {
            json.WriteStartArray("messages");
            json.WriteStartObject();
            json.WriteString("role", "user");
            json.WriteString("content", prompt);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (!target.IsChat && IsOurs("prompt")) json.WriteString("prompt", prompt);
        var limit = target.IsChat && !isTokenFieldOld ? "max_completion_tokens" : "max_tokens";
        if (IsOurs("max_tokens") && IsOurs("max_completion_tokens")) json.WriteNumber(limit, outputTokens);
        if (IsOurs("stream")) json.WriteBoolean("stream", true);
        if (IsOurs("stream_options"))
        {
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
        }
        if (target.IgnoreEos && IsOurs("ignore_eos")) json.WriteBoolean("ignore_eos", true);

        bool IsOurs(string field) => target.ExtraBody.ValueKind != JsonValueKind.Object
            || !target.ExtraBody.TryGetProperty(field, out _);
    }
}
