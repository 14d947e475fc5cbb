using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenApi;

namespace Minka.Server.Anthropic;

/// <summary>POST /v1/messages and /v1/messages/count_tokens.</summary>
internal sealed class MessagesEndpoint(ServerParts server)
{
    /// <summary>Anthropic's routes.</summary>
    public static void Map(IEndpointRouteBuilder on, ServerParts server)
    {
        var endpoint = new MessagesEndpoint(server);
        on.MapPost("/v1/messages", endpoint.AnswerAsync).WithErrors(AnthropicErrorShape.Instance)
            .Says("Anthropic: answers a conversation", "AnthropicMessagesRequest");
        on.MapPost("/v1/messages/count_tokens", endpoint.CountAsync).WithErrors(AnthropicErrorShape.Instance)
            .Says("Anthropic: counts the tokens of a conversation", "AnthropicMessagesRequest");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var trace = RequestTrace.Of(context);
        context.Response.Headers["request-id"] = trace.Id;
        var name = body.Fields.NeedText("model");
        using var lease = await server.OpenAsync(name, trace).ConfigureAwait(false);
        var request = MessagesFields.ReadChat(body.Fields) with
        {
            Options = MessagesFields.ReadOptions(body.Fields, lease.Model),
        };
        var isStream = body.Fields.Flag("stream") ?? false;
        var generation = lease.Model.Chat(request, trace);
        var id = $"msg_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
        var reply = new MessageReply(id, lease.Model.Name);
        if (isStream)
        {
            await StreamAsync(context, generation, reply, trace).ConfigureAwait(false);
            return;
        }
        var answers = await WholeAnswer.ReadAsync(generation).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json => reply.WriteWhole(json, answers[0], generation.Usage))
            .ConfigureAwait(false);
    }

    private async Task StreamAsync(
        HttpContext context, TextGeneration generation, MessageReply reply, RequestTrace trace)
    {
        await using var sse = new SseWriter(context);
        var events = new MessageEvents(sse, reply);
        await sse.WriteAsync(
            generation.BatchesAsync(server.Options.Heartbeat),
            happened => events.Take(happened, generation.Usage),
            fault => events.Fail(fault, trace.Id)).ConfigureAwait(false);
        await sse.FlushAsync().ConfigureAwait(false);
    }

    private async Task CountAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var trace = RequestTrace.Of(context);
        context.Response.Headers["request-id"] = trace.Id;
        using var lease = await server.OpenAsync(body.Fields.NeedText("model"), trace).ConfigureAwait(false);
        var request = MessagesFields.ReadChat(body.Fields);
        var prompt = ChatPrompt.Of(lease.Model, request, server.Time);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", prompt.Ids.Length);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }
}
