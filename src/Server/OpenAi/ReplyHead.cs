using System.Security.Cryptography;
using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.OpenAi;

/// <summary>What all chunks of one answer have in common.</summary>
/// <param name="Id">Of the answer.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">Its name.</param>
/// <param name="Fingerprint">Of model and program: equal ones give the same text for the same seed.</param>
internal sealed record ReplyHead(string Id, long Created, string Model, string Fingerprint)
{
    /// <summary>Of a new answer.</summary>
    public static ReplyHead New(string prefix, ServedModel model, ServerParts server) => new(
        $"{prefix}{RandomNumberGenerator.GetHexString(24, lowercase: true)}",
        server.Time.GetUtcNow().ToUnixTimeSeconds(), model.Name, model.Fingerprint);

    /// <summary>Writes the fields that begin every object.</summary>
    public void Write(Utf8JsonWriter json, string kind)
    {
        json.WriteString("id", Id);
        json.WriteString("object", kind);
        json.WriteNumber("created", Created);
        json.WriteString("model", Model);
        json.WriteString("system_fingerprint", Fingerprint);
    }

    /// <summary>Writes the tokens that were used.</summary>
    public static void WriteUsage(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.Prompt);
        json.WriteNumber("completion_tokens", usage.Completion);
        json.WriteNumber("total_tokens", usage.Total);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.Cached);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.Reasoning);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>OpenAI's word for an end.</summary>
    public static string Word(TextFinish finish) => finish switch
    {
        TextFinish.Length => "length",
        TextFinish.ToolCalls => "tool_calls",
        _ => "stop",
    };

    /// <summary>Writes what vLLM says of an end: the stop string or id; null for the model's own.</summary>
    public static void WriteStopReason(Utf8JsonWriter json, TextEvent.End end)
    {
        if (end.StopId is { } id) json.WriteNumber("stop_reason", id);
        else json.WriteString("stop_reason", end.StopText);
    }
}
