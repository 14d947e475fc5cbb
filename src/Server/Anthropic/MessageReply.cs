using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.Anthropic;

/// <summary>A message as Anthropic writes it, whole and its parts in events.</summary>
/// <param name="id">Of the message.</param>
/// <param name="model">Name of the model.</param>
internal sealed class MessageReply(string id, string model)
{
    /// <summary>The whole message.</summary>
    public void WriteWhole(Utf8JsonWriter json, WholeAnswer answer, TokenUsage usage)
    {
        json.WriteStartObject();
        WriteHead(json);
        json.WriteStartArray("content");
        if (answer.Reasoning.Length > 0) WriteThinking(json, answer.Reasoning);
        if (answer.Text.Length > 0 || (answer.Calls.Count == 0 && answer.Reasoning.Length == 0))
            WriteText(json, answer.Text);
        foreach (var call in answer.Calls) WriteCall(json, call.Id, call.Name, call.Arguments);
        json.WriteEndArray();
        WriteStop(json, answer.End);
        WriteUsage(json, usage, usage.Completion);
        json.WriteEndObject();
    }

    /// <summary>The message before it says anything.</summary>
    public void WriteStart(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject();
        json.WriteString("type", "message_start");
        json.WriteStartObject("message");
        WriteHead(json);
        json.WriteStartArray("content");
        json.WriteEndArray();
        WriteStop(json, null);
        WriteUsage(json, usage, 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Why it ended, and what it took.</summary>
    public static void WriteEnd(Utf8JsonWriter json, TextEvent.End end, TokenUsage usage)
    {
        json.WriteStartObject();
        json.WriteString("type", "message_delta");
        json.WriteStartObject("delta");
        WriteStop(json, end);
        json.WriteEndObject();
        WriteUsage(json, usage, usage.Completion);
        json.WriteEndObject();
    }

    /// <summary>A block of text.</summary>
    public static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    /// <summary>A block of thoughts. Nobody signs them here.</summary>
    public static void WriteThinking(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "thinking");
        json.WriteString("thinking", text);
        json.WriteString("signature", "");
        json.WriteEndObject();
    }

    /// <summary>A block that calls a tool.</summary>
    public static void WriteCall(Utf8JsonWriter json, string id, string name, string arguments)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_use");
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WritePropertyName("input");
        // Written anew: a line break in it would end an event's line.
        using (var input = JsonDocument.Parse(arguments)) input.RootElement.WriteTo(json);
        json.WriteEndObject();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id", id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
    }

    private static void WriteStop(Utf8JsonWriter json, TextEvent.End? end)
    {
        json.WriteString("stop_reason", end switch
        {
            null => null,
            { Finish: TextFinish.Length } => "max_tokens",
            { Finish: TextFinish.ToolCalls } => "tool_use",
            { StopText: not null } => "stop_sequence",
            _ => "end_turn",
        });
        json.WriteString("stop_sequence", end?.Finish == TextFinish.Stop ? end.StopText : null);
    }

    // What the prefix cache held is counted apart.
    private static void WriteUsage(Utf8JsonWriter json, TokenUsage usage, int output)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", usage.Prompt - usage.Cached);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", usage.Cached);
        json.WriteNumber("output_tokens", output);
        json.WriteEndObject();
    }
}
