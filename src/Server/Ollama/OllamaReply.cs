using System.Globalization;
using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.Ollama;

/// <summary>Answers as Ollama writes them: one object, or an object a line.</summary>
/// <param name="server">Clock.</param>
/// <param name="model">Name of the model.</param>
/// <param name="isChat">Of <c>/api/chat</c>, whose text is in a message; else of <c>/api/generate</c>.</param>
internal sealed class OllamaReply(ServerParts server, string model, bool isChat)
{
    /// <summary>A piece of the answer.</summary>
    public void WritePiece(Utf8JsonWriter json, string text, string thinking, IReadOnlyList<ToolCall> calls)
    {
        json.WriteStartObject();
        WriteHead(json);
        WriteText(json, text, thinking, calls);
        json.WriteBoolean("done", false);
        json.WriteEndObject();
    }

    /// <summary>The end of an answer, or a whole one: with what it took.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="answer">The whole answer; an empty one at the end of a stream.</param>
    /// <param name="generation">What it took.</param>
    /// <param name="trace">Of the request.</param>
    public void WriteEnd(Utf8JsonWriter json, WholeAnswer answer, TextGeneration generation, RequestTrace trace)
    {
        json.WriteStartObject();
        WriteHead(json);
        WriteText(json, answer.Text, answer.Reasoning, answer.Calls);
        json.WriteBoolean("done", true);
        json.WriteString("done_reason", generation.Finishes[0] == TextFinish.Length ? "length" : "stop");
        var prompt = generation.TimeToFirstToken - generation.QueueTime;
        json.WriteNumber("total_duration", Nanoseconds(trace.Elapsed));
        json.WriteNumber("load_duration", Nanoseconds(trace.Elapsed - generation.Duration));
        json.WriteNumber("prompt_eval_count", generation.Usage.Prompt);
        json.WriteNumber("prompt_eval_duration", Nanoseconds(prompt));
        json.WriteNumber("eval_count", generation.Usage.Completion);
        json.WriteNumber("eval_duration", Nanoseconds(generation.Duration - generation.TimeToFirstToken));
        json.WriteEndObject();
    }

    /// <summary>The answer to a request without a prompt: the model is loaded.</summary>
    public void WriteLoaded(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json);
        WriteText(json, "", "", []);
        json.WriteBoolean("done", true);
        json.WriteString("done_reason", "load");
        json.WriteEndObject();
    }

    /// <summary>A time as Ollama writes it.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("model", model);
        json.WriteString("created_at", Time(server.Time.GetUtcNow()));
    }

    private void WriteText(Utf8JsonWriter json, string text, string thinking, IReadOnlyList<ToolCall> calls)
    {
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
        }
        json.WriteString(isChat ? "content" : "response", text);
        if (thinking.Length > 0) json.WriteString("thinking", thinking);
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls) WriteCall(json, call);
            json.WriteEndArray();
        }
        if (isChat) json.WriteEndObject();
    }

    // Arguments are an object here, and a call comes whole.
    private static void WriteCall(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteStartObject();
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        json.WritePropertyName("arguments");
        // Written anew: a line break between two fields would end the line.
        using (var arguments = JsonDocument.Parse(call.Arguments)) arguments.RootElement.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A duration as Ollama writes it.</summary>
    public static long Nanoseconds(TimeSpan time) =>
        time > TimeSpan.Zero ? time.Ticks * TimeSpan.NanosecondsPerTick : 0;
}
