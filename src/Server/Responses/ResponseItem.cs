using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.OpenAi;

namespace Minka.Server.Responses;

/// <summary>Kinds of <see cref="ResponseItem"/>.</summary>
internal enum ResponseItemKind
{
    /// <summary>Text for whoever asked.</summary>
    Message,

    /// <summary>What the model thought.</summary>
    Reasoning,

    /// <summary>A call of a tool.</summary>
    Call,
}

/// <summary>An item of a response's output, as it grows.</summary>
/// <param name="kind">What it is.</param>
/// <param name="call">The call that it is; null for other kinds.</param>
internal sealed class ResponseItem(ResponseItemKind kind, OutputPart.CallBegin? call = null)
{
    private readonly StringBuilder _text = new();

    /// <summary>What it is.</summary>
    public ResponseItemKind Kind => kind;

    /// <summary>Of the item, and not of the call in it.</summary>
    public string Id { get; } = kind switch
    {
        ResponseItemKind.Message => "msg_",
        ResponseItemKind.Reasoning => "rs_",
        _ => "fc_",
    } + RandomNumberGenerator.GetHexString(24, lowercase: true);

    /// <summary>The call; only of that kind.</summary>
    public OutputPart.CallBegin Call => call!;

    /// <summary>Its words, or the call's arguments.</summary>
    public string Text => _text.ToString();

    /// <summary>The tokens of its words, when asked for.</summary>
    public List<TextToken> Tokens { get; } = [];

    /// <summary>completed, in_progress or incomplete.</summary>
    public string Status { get; set; } = "in_progress";

    /// <summary>More words.</summary>
    public void Append(string text) => _text.Append(text);

    /// <summary>Writes it.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="tokenizer">For log-probabilities.</param>
    public void Write(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        switch (kind)
        {
            case ResponseItemKind.Message:
                json.WriteString("type", "message");
                json.WriteString("status", Status);
                json.WriteString("role", "assistant");
                WriteContent(json, tokenizer);
                break;
            case ResponseItemKind.Reasoning:
                json.WriteString("type", "reasoning");
                json.WriteString("status", Status);
                json.WriteStartArray("summary");
                json.WriteEndArray();
                WriteContent(json, tokenizer);
                break;
            default:
                json.WriteString("type", "function_call");
                json.WriteString("status", Status);
                json.WriteString("call_id", Call.Id);
                json.WriteString("name", Call.Name);
                json.WriteString("arguments", Text);
                break;
        }
        json.WriteEndObject();
    }

    /// <summary>Writes its one part.</summary>
    public void WritePart(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        json.WriteStartObject();
        json.WriteString("type", kind == ResponseItemKind.Message ? "output_text" : "reasoning_text");
        json.WriteString("text", Text);
        if (kind == ResponseItemKind.Message)
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            json.WriteStartArray("logprobs");
            Logprobs.WriteEach(json, Tokens, tokenizer);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    // An item that has only begun has no part yet.
    private void WriteContent(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        json.WriteStartArray("content");
        if (_text.Length > 0 || Status != "in_progress") WritePart(json, tokenizer);
        json.WriteEndArray();
    }
}
