using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenApi;

namespace Minka.Server.Responses;

/// <summary>POST /v1/responses; GET, DELETE and cancel of those that are stored, and what they were asked with.
/// </summary>
internal sealed class ResponsesEndpoint(ServerParts server)
{
    private readonly ResponseStore _store = new();

    /// <summary>The routes.</summary>
    public static void Map(IEndpointRouteBuilder on, ServerParts server)
    {
        var endpoint = new ResponsesEndpoint(server);
        on.MapPost("/v1/responses", endpoint.AnswerAsync)
            .Says("Answers a text or a conversation, and stores it", "ResponseRequest");
        on.MapRead("/v1/responses/{id}", endpoint.ShowAsync).Says("A stored response");
        on.MapRead("/v1/responses/{id}/input_items", endpoint.ListInputAsync)
            .Says("What a stored response was asked with");
        on.MapDelete("/v1/responses/{id}", endpoint.DeleteAsync).Says("Forgets a response");
        on.MapPost("/v1/responses/{id}/cancel", endpoint.CancelAsync).Says("Refused: nothing runs in the background");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var trace = RequestTrace.Of(context);
        var fields = body.Fields;
        using var lease = await server.OpenAsync(fields.Text("model"), trace).ConfigureAwait(false);
        var history = fields.Text("previous_response_id") is { } previous
            ? _store.Find(previous, trace.Key).Turns : [];
        var request = ResponseFields.Read(fields, lease.Model, history);
        var generation = lease.Model.Chat(request.Chat, trace);
        var reply = new ResponseReply(request, lease.Model, server.Time.GetUtcNow().ToUnixTimeSeconds());
        if (request.IsStream)
        {
            await StreamAsync(context, generation, request, reply).ConfigureAwait(false);
            return;
        }
        var output = new ResponseOutput(reply.Tokenizer, null);
        await foreach (var happened in generation.EventsAsync().ConfigureAwait(false)) output.Take(happened);
        Keep(request, reply, output, generation.Usage, trace);
        await JsonReply.WriteAsync(context, 200, json => reply.Write(json, output, generation.Usage))
            .ConfigureAwait(false);
    }

    private async Task StreamAsync(
        HttpContext context, TextGeneration generation, ResponseRequest request, ResponseReply reply)
    {
        await using var sse = new SseWriter(context);
        var events = new ResponseEvents(sse, reply);
        await sse.WriteAsync(
            generation.BatchesAsync(server.Options.Heartbeat), events.Take, events.Fail).ConfigureAwait(false);
        if (!sse.HasFailed)
        {
            Keep(request, reply, events.Output, generation.Usage, RequestTrace.Of(context));
            events.Finish(generation.Usage);
        }
        await sse.FlushAsync().ConfigureAwait(false);
    }

    private void Keep(
        ResponseRequest request, ResponseReply reply, ResponseOutput output, TokenUsage usage, RequestTrace trace)
    {
        if (!request.IsStored) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, JsonReply.Options)) reply.Write(json, output, usage);
        _store.Add(new(reply.Id, trace.Key, buffer.WrittenSpan.ToArray(), [.. request.Kept, output.ToTurn()]));
    }

    private Task ShowAsync(HttpContext context)
    {
        var stored = Find(context);
        if (IsStreamWanted(context.Request.Query)) return TellAgainAsync(context, stored);
        return JsonReply.WriteAsync(context, 200, json => json.WriteRawValue(stored.Json));
    }

    private static async Task TellAgainAsync(HttpContext context, StoredResponse stored)
    {
        var after = -1;
        if (context.Request.Query["starting_after"].ToString() is { Length: > 0 } text
            && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            throw JsonFields.UnknownAt("starting_after", text, "the number of an event");
        using var response = JsonDocument.Parse(stored.Json);
        await using var sse = new SseWriter(context);
        new StoredEvents(sse, response.RootElement, after).Write();
        await sse.FlushAsync().ConfigureAwait(false);
    }

    private static bool IsStreamWanted(IQueryCollection query) => query["stream"].ToString() switch
    {
        "true" => true,
        "" or "false" => false,
        var other => throw JsonFields.UnknownAt("stream", other, "true or false"),
    };

    private Task ListInputAsync(HttpContext context)
    {
        var stored = Find(context);
        return JsonReply.WriteAsync(context, 200, json => InputItems.Write(json, stored, context.Request.Query));
    }

    private Task DeleteAsync(HttpContext context)
    {
        var id = IdOf(context);
        _store.Delete(id, RequestTrace.Of(context).Key);
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("object", "response");
            json.WriteBoolean("deleted", true);
            json.WriteEndObject();
        });
    }

    private Task CancelAsync(HttpContext context)
    {
        Find(context);
        throw ApiFault.Invalid(null, "Only a response in the background can be cancelled, and there are none here; "
            + "close the connection of a running one.");
    }

    private StoredResponse Find(HttpContext context) => _store.Find(IdOf(context), RequestTrace.Of(context).Key);

    private static string IdOf(HttpContext context) => context.GetRouteValue("id") as string ?? "";
}
