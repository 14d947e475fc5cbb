using System.Text.Json;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.Anthropic;

/// <summary>A message as a stream of events: blocks one after the other, each begun, added to and ended.</summary>
internal sealed class MessageEvents(SseWriter sse, MessageReply reply)
{
    private Block _block;
    private int _index = -1, _call;
    private bool _hasBegun;

    private enum Block { None, Text, Thinking, Call }

    /// <summary>Tells what happened.</summary>
    public void Take(TextEvent happened, TokenUsage usage)
    {
        if (!_hasBegun) sse.Event(json => reply.WriteStart(json, usage), "message_start");
        _hasBegun = true;
        if (happened is TextEvent.Delta delta) Take(delta.Part);
        else End((TextEvent.End)happened, usage);
    }

    /// <summary>Tells of an error instead of the rest.</summary>
    public void Fail(ApiFault fault, string requestId) =>
        sse.Event(json => AnthropicErrorShape.Instance.Write(json, fault, requestId), "error");

    private void Take(OutputPart part)
    {
        switch (part)
        {
            case OutputPart.Text { Value.Length: > 0 } text:
                if (_block != Block.Text) Begin(Block.Text, json => MessageReply.WriteText(json, ""));
                Add("text_delta", "text", text.Value);
                break;
            case OutputPart.Reasoning thought:
                if (_block != Block.Thinking) Begin(Block.Thinking, json => MessageReply.WriteThinking(json, ""));
                Add("thinking_delta", "thinking", thought.Value);
                break;
            case OutputPart.CallBegin call:
                _call = call.Index;
                Begin(Block.Call, json => MessageReply.WriteCall(json, call.Id, call.Name, "{}"));
                break;
            case OutputPart.CallArguments arguments when arguments.Index == _call:
                Add("input_json_delta", "partial_json", arguments.Json);
                break;
        }
    }

    private void End(TextEvent.End end, TokenUsage usage)
    {
        if (_index < 0) Begin(Block.Text, json => MessageReply.WriteText(json, ""));
        Close();
        sse.Event(json => MessageReply.WriteEnd(json, end, usage), "message_delta");
        sse.Event(
            json =>
            {
                json.WriteStartObject();
                json.WriteString("type", "message_stop");
                json.WriteEndObject();
            },
            "message_stop");
    }

    private void Begin(Block block, Action<Utf8JsonWriter> write)
    {
        Close();
        _block = block;
        _index++;
        Send("content_block_start", json =>
        {
            json.WritePropertyName("content_block");
            write(json);
        });
    }

    private void Add(string type, string field, string text) => Send("content_block_delta", json =>
    {
        json.WriteStartObject("delta");
        json.WriteString("type", type);
        json.WriteString(field, text);
        json.WriteEndObject();
    });

    private void Close()
    {
        if (_block != Block.None) Send("content_block_stop", _ => { });
        _block = Block.None;
    }

    private void Send(string type, Action<Utf8JsonWriter> write) => sse.Event(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteNumber("index", _index);
            write(json);
            json.WriteEndObject();
        },
        type);
}
