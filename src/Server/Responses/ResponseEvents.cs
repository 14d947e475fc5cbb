using System.Text.Json;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.Responses;

/// <summary>A response as a stream of events, numbered as they come.</summary>
internal sealed class ResponseEvents
{
    private readonly SseWriter _sse;
    private readonly ResponseReply _reply;
    private int _next;

    public ResponseEvents(SseWriter sse, ResponseReply reply)
    {
        (_sse, _reply) = (sse, reply);
        Output = new ResponseOutput(reply.Tokenizer, Send);
    }

    /// <summary>What was answered.</summary>
    public ResponseOutput Output { get; }

    /// <summary>Tells what happened.</summary>
    public void Take(TextEvent happened)
    {
        Begin();
        Output.Take(happened);
    }

    /// <summary>Tells of an error instead of the rest.</summary>
    public void Fail(ApiFault fault)
    {
        Begin();
        Send("response.failed", json => WriteResponse(json, null, fault));
    }

    /// <summary>Tells of the end.</summary>
    public void Finish(TokenUsage usage)
    {
        Begin();
        Send($"response.{ResponseReply.Status(Output, null)}", json => WriteResponse(json, usage, null));
    }

    private void Begin()
    {
        if (_next > 0) return;
        Send("response.created", json => WriteResponse(json, null, null));
        Send("response.in_progress", json => WriteResponse(json, null, null));
    }

    private void WriteResponse(Utf8JsonWriter json, TokenUsage? usage, ApiFault? fault)
    {
        json.WritePropertyName("response");
        _reply.Write(json, Output, usage, fault);
    }

    /// <summary>Writes one event.</summary>
    public static void Write(SseWriter sse, string type, int number, Action<Utf8JsonWriter> write) => sse.Event(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteNumber("sequence_number", number);
            write(json);
            json.WriteEndObject();
        },
        type);

    private void Send(string type, Action<Utf8JsonWriter> write) => Write(_sse, type, _next++, write);
}
