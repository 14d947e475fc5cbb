using System.Text.Json;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.OpenAi;

namespace Minka.Server.Responses;

/// <summary>Builds the output of a response from what happens, and tells of every step.</summary>
/// <param name="tokenizer">For log-probabilities.</param>
/// <param name="emit">Writes an event: its type and its fields; null when nobody listens.</param>
internal sealed class ResponseOutput(Tokenizer tokenizer, Action<string, Action<Utf8JsonWriter>>? emit)
{
    private readonly List<ResponseItem> _items = [];
    private bool _isOpen;

    /// <summary>Items in order.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    /// <summary>Its end; null before.</summary>
    public TextEvent.End? End { get; private set; }

    /// <summary>Takes what happened.</summary>
    public void Take(TextEvent happened)
    {
        if (happened is TextEvent.End end)
        {
            End = end;
            Close(end.Finish == TextFinish.Length ? "incomplete" : "completed");
            return;
        }
        var delta = (TextEvent.Delta)happened;
        switch (delta.Part)
        {
            case OutputPart.Text text:
                Open(ResponseItemKind.Message, text.Value);
                Add(text.Value, delta.Tokens);
                break;
            case OutputPart.Reasoning thought:
                Open(ResponseItemKind.Reasoning, thought.Value);
                Add(thought.Value, []);
                break;
            case OutputPart.CallBegin call:
                Begin(new ResponseItem(ResponseItemKind.Call, call));
                break;
            case OutputPart.CallArguments arguments when _isOpen:
                Add(arguments.Json, []);
                break;
            case OutputPart.CallBroken broken:
                Break(broken.Written);
                break;
        }
    }

    /// <summary>The turn of the assistant that it is, for the next response.</summary>
    public ChatTurn ToTurn() => new("assistant", _items.Exists(item => item.Kind == ResponseItemKind.Message)
        ? string.Concat(_items.Where(item => item.Kind == ResponseItemKind.Message).Select(item => item.Text)) : null)
    {
        Calls = [.. _items.Where(item => item.Kind == ResponseItemKind.Call)
            .Select(item => new ToolCall(item.Call.Id, item.Call.Name, item.Text))],
    };

    private void Open(ResponseItemKind kind, string text)
    {
        if ((_isOpen && _items[^1].Kind == kind) || text.Length == 0) return;
        Begin(new ResponseItem(kind));
    }

    private void Begin(ResponseItem item)
    {
        Close("completed");
        _items.Add(item);
        _isOpen = true;
        Emit("response.output_item.added", json => WriteItem(json, item));
        if (item.Kind != ResponseItemKind.Call)
            Emit("response.content_part.added", json => WritePart(json, item));
    }

    private void Add(string text, IReadOnlyList<TextToken> tokens)
    {
        if (!_isOpen) return;
        var item = _items[^1];
        item.Append(text);
        item.Tokens.AddRange(tokens);
        if (text.Length == 0) return;
        Emit($"{EventOf(item.Kind)}.delta", json =>
        {
            WritePlace(json, item);
            json.WriteString("delta", text);
            if (item.Kind == ResponseItemKind.Message) WriteLogprobs(json, tokens);
        });
    }

    private void Close(string status)
    {
        if (!_isOpen) return;
        _isOpen = false;
        var item = _items[^1];
        item.Status = status;
        Emit($"{EventOf(item.Kind)}.done", json =>
        {
            WritePlace(json, item);
            if (item.Kind == ResponseItemKind.Call) json.WriteString("name", item.Call.Name);
            json.WriteString(item.Kind == ResponseItemKind.Call ? "arguments" : "text", item.Text);
            if (item.Kind == ResponseItemKind.Message) WriteLogprobs(json, item.Tokens);
        });
        if (item.Kind != ResponseItemKind.Call)
            Emit("response.content_part.done", json => WritePart(json, item));
        Emit("response.output_item.done", json => WriteItem(json, item));
    }

    // What was told of a call cannot be taken back; whoever was told nothing gets it as text.
    private void Break(string written)
    {
        if (emit is not null)
        {
            Close("incomplete");
            return;
        }
        _items.RemoveAt(_items.Count - 1);
        _isOpen = _items is [.., { Kind: ResponseItemKind.Message }];
        Open(ResponseItemKind.Message, written);
        Add(written, []);
    }

    private static string EventOf(ResponseItemKind kind) => kind switch
    {
        ResponseItemKind.Message => "response.output_text",
        ResponseItemKind.Reasoning => "response.reasoning_text",
        _ => "response.function_call_arguments",
    };

    private void WriteItem(Utf8JsonWriter json, ResponseItem item)
    {
        json.WriteNumber("output_index", _items.IndexOf(item));
        json.WritePropertyName("item");
        item.Write(json, tokenizer);
    }

    private void WritePart(Utf8JsonWriter json, ResponseItem item)
    {
        WritePlace(json, item);
        json.WritePropertyName("part");
        item.WritePart(json, tokenizer);
    }

    private void WritePlace(Utf8JsonWriter json, ResponseItem item)
    {
        json.WriteString("item_id", item.Id);
        json.WriteNumber("output_index", _items.IndexOf(item));
        if (item.Kind != ResponseItemKind.Call) json.WriteNumber("content_index", 0);
    }

    private void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TextToken> tokens)
    {
        json.WriteStartArray("logprobs");
        Logprobs.WriteEach(json, tokens, tokenizer);
        json.WriteEndArray();
    }

    private void Emit(string type, Action<Utf8JsonWriter> write) => emit?.Invoke(type, write);
}
