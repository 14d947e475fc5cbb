using System.Security.Cryptography;
using System.Text.Json;
using Minka.Models.Tokenization;
using Minka.Server.Generating;

namespace Minka.Server.Responses;

/// <summary>A response as OpenAI writes it.</summary>
/// <param name="request">What was asked; much of it is repeated.</param>
/// <param name="model">Answers.</param>
/// <param name="created">Unix seconds.</param>
internal sealed class ResponseReply(ResponseRequest request, ServedModel model, long created)
{
    /// <summary>Fields that are repeated as they came, and what they are when they did not come.</summary>
    public static IReadOnlyList<(string Name, string Otherwise)> Echoed { get; } =
    [
        ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"),
        ("parallel_tool_calls", "true"), ("previous_response_id", "null"),
        ("reasoning", """{"effort":null,"summary":null}"""),
        ("safety_identifier", "null"), ("store", "true"), ("text", """{"format":{"type":"text"}}"""),
        ("tool_choice", "\"auto\""), ("tools", "[]"), ("top_logprobs", "0"), ("truncation", "\"disabled\""),
        ("user", "null"),
    ];

    /// <summary>Of the response.</summary>
    public string Id { get; } = $"resp_{RandomNumberGenerator.GetHexString(32, lowercase: true)}";

    /// <summary>Log-probabilities need it.</summary>
    public Tokenizer Tokenizer => model.Tokenizer;

    /// <summary>Writes it as it is now.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="output">So far.</param>
    /// <param name="usage">So far; null before the end.</param>
    /// <param name="fault">Why it failed; null when it did not.</param>
    public void Write(Utf8JsonWriter json, ResponseOutput output, TokenUsage? usage, ApiFault? fault = null)
    {
        var isCut = output.End?.Finish == TextFinish.Length;
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", created);
        json.WriteString("status", Status(output, fault));
        json.WriteBoolean("background", false);
        WriteError(json, fault);
        json.WritePropertyName("incomplete_details");
        json.WriteRawValue(isCut ? """{"reason":"max_output_tokens"}""" : "null");
        json.WriteString("model", model.Name);
        json.WriteStartArray("output");
        foreach (var item in output.Items) item.Write(json, model.Tokenizer);
        json.WriteEndArray();
        foreach (var (name, value) in request.Echo)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(value);
        }
        json.WriteString("service_tier", "default");
        json.WriteNumber("temperature", request.Chat.Options.Sampling.Temperature);
        json.WriteNumber("top_p", request.Chat.Options.Sampling.TopP);
        WriteUsage(json, usage);
        json.WriteEndObject();
    }

    /// <summary>The word for how it stands.</summary>
    public static string Status(ResponseOutput output, ApiFault? fault) => (fault, output.End) switch
    {
        (not null, _) => "failed",
        (_, null) => "in_progress",
        (_, { Finish: TextFinish.Length }) => "incomplete",
        _ => "completed",
    };

    private static void WriteError(Utf8JsonWriter json, ApiFault? fault)
    {
        if (fault is null)
        {
            json.WriteNull("error");
            return;
        }
        json.WriteStartObject("error");
        json.WriteString("code", fault.Status == 429 ? "rate_limit_exceeded" : "server_error");
        json.WriteString("message", fault.Message);
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, TokenUsage? usage)
    {
        if (usage is not { } used)
        {
            json.WriteNull("usage");
            return;
        }
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", used.Prompt);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", used.Cached);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", used.Completion);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", used.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", used.Total);
        json.WriteEndObject();
    }
}
