using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.OpenAi;

/// <summary>A chat's answer as OpenAI writes it, whole and in chunks.</summary>
/// <param name="head">What all chunks have in common.</param>
/// <param name="model">Whose tokens.</param>
/// <param name="options">What was asked for.</param>
/// <param name="stream">What the stream tells of usage.</param>
internal sealed class ChatReply(ReplyHead head, ServedModel model, TextOptions options, StreamFields stream)
{
    /// <summary>The whole answer.</summary>
    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> answers, TextGeneration generation)
    {
        json.WriteStartObject();
        head.Write(json, "chat.completion");
        json.WriteStartArray("choices");
        for (var i = 0; i < answers.Count; i++) WriteChoice(json, i, answers[i]);
        json.WriteEndArray();
        ReplyHead.WriteUsage(json, generation.Usage);
        Logprobs.WritePrompt(json, generation, model.Tokenizer);
        json.WriteEndObject();
    }

    /// <summary>The first chunk of a choice: who speaks.</summary>
    public void WriteRole(Utf8JsonWriter json, int choice, TokenUsage usage) => WriteChunk(json, choice, usage, () =>
    {
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
    });

    /// <summary>A piece of a choice.</summary>
    public void WriteDelta(Utf8JsonWriter json, TextEvent.Delta delta, TokenUsage usage)
    {
        var tokens = delta.Part is OutputPart.Text ? delta.Tokens : [];
        WriteChunk(json, delta.Choice, usage, () => WritePart(json, delta.Part), tokens);
    }

    /// <summary>The last chunk of a choice.</summary>
    public void WriteEnd(Utf8JsonWriter json, TextEvent.End end, TokenUsage usage) =>
        WriteChunk(json, end.Choice, usage, () => { }, [], end);

    /// <summary>The chunk behind all choices: what it took.</summary>
    public void WriteUsage(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject();
        head.Write(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        ReplyHead.WriteUsage(json, usage);
        json.WriteEndObject();
    }

    private void WriteChoice(Utf8JsonWriter json, int index, WholeAnswer answer)
    {
        var calls = answer.Calls;
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        if (calls.Count > 0 && answer.Text.Length == 0) json.WriteNull("content");
        else json.WriteString("content", answer.Text);
        if (answer.Reasoning.Length > 0) json.WriteString("reasoning_content", answer.Reasoning);
        json.WriteNull("refusal");
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls) WriteCall(json, null, call.Id, call.Name, call.Arguments);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        WriteLogprobs(json, answer.Tokens);
        json.WriteString("finish_reason", ReplyHead.Word(answer.End.Finish));
        ReplyHead.WriteStopReason(json, answer.End);
        if (options.WantsTokens) WriteIds(json, answer.Tokens);
        json.WriteEndObject();
    }

    private void WriteChunk(
        Utf8JsonWriter json, int choice, TokenUsage usage, Action writeDelta, IReadOnlyList<TextToken>? tokens = null,
        TextEvent.End? end = null)
    {
        json.WriteStartObject();
        head.Write(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteStartObject("delta");
        writeDelta();
        json.WriteEndObject();
        if (tokens is { Count: > 0 }) WriteLogprobs(json, tokens);
        else json.WriteNull("logprobs");
        json.WriteString("finish_reason", end is null ? null : ReplyHead.Word(end.Finish));
        if (end is not null) ReplyHead.WriteStopReason(json, end);
        if (options.WantsTokens && tokens is { Count: > 0 }) WriteIds(json, tokens);
        json.WriteEndObject();
        json.WriteEndArray();
        if (stream.CountsAlways) ReplyHead.WriteUsage(json, usage);
        else if (stream.IncludesUsage) json.WriteNull("usage");
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, OutputPart part)
    {
        switch (part)
        {
            case OutputPart.Text text:
                json.WriteString("content", text.Value);
                break;
            case OutputPart.Reasoning reasoning:
                json.WriteString("reasoning_content", reasoning.Value);
                break;
            case OutputPart.CallBegin begin:
                json.WriteStartArray("tool_calls");
                WriteCall(json, begin.Index, begin.Id, begin.Name, "");
                json.WriteEndArray();
                break;
            case OutputPart.CallArguments arguments:
                json.WriteStartArray("tool_calls");
                WriteCall(json, arguments.Index, null, null, arguments.Json);
                json.WriteEndArray();
                break;
            case OutputPart.CallBroken:
                break; // what was shown of it cannot be taken back
        }
    }

    // Clients join strings and merge lists by index: id, type and name are said once.
    private static void WriteCall(Utf8JsonWriter json, int? index, string? id, string? name, string arguments)
    {
        json.WriteStartObject();
        if (index is { } at) json.WriteNumber("index", at);
        if (id is not null)
        {
            json.WriteString("id", id);
            json.WriteString("type", "function");
        }
        json.WriteStartObject("function");
        if (name is not null) json.WriteString("name", name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TextToken> tokens)
    {
        if (options.WantsLogprobs) Logprobs.WriteChat(json, tokens, model.Tokenizer);
        else json.WriteNull("logprobs");
    }

    private static void WriteIds(Utf8JsonWriter json, IReadOnlyList<TextToken> tokens)
    {
        json.WriteStartArray("token_ids");
        foreach (var token in tokens) json.WriteNumberValue(token.Id);
        json.WriteEndArray();
    }
}
