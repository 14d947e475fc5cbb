using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>POST /v1/chat/completions.</summary>
internal sealed class ChatCompletionsEndpoint(ServerParts server)
{
    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var trace = RequestTrace.Of(context);
        using var lease = await server.OpenAsync(body.Fields.Text("model"), trace).ConfigureAwait(false);
        var stream = StreamFields.Read(body.Fields);
        var request = ChatFields.Read(body.Fields) with { Options = ReadOptions(body.Fields, lease.Model) };
        var generation = lease.Model.Chat(request, trace);
        var head = ReplyHead.New("chatcmpl-", lease.Model, server);
        var reply = new ChatReply(head, lease.Model, request.Options, stream);
        if (stream.IsStream)
        {
            await StreamAsync(context, generation, reply, stream).ConfigureAwait(false);
            return;
        }
        var answers = await WholeAnswer.ReadAsync(generation).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json => reply.WriteWhole(json, answers, generation))
            .ConfigureAwait(false);
    }

    private async Task StreamAsync(
        HttpContext context, TextGeneration generation, ChatReply reply, StreamFields stream)
    {
        await using var sse = new SseWriter(context);
        var begun = new bool[generation.Options.Choices];
        await sse.WriteAsync(generation.BatchesAsync(server.Options.Heartbeat), happened =>
        {
            var usage = generation.Usage;
            if (!begun[happened.Choice]) sse.Event(json => reply.WriteRole(json, happened.Choice, usage));
            begun[happened.Choice] = true;
            if (happened is TextEvent.Delta delta) sse.Event(json => reply.WriteDelta(json, delta, usage));
            else sse.Event(json => reply.WriteEnd(json, (TextEvent.End)happened, usage));
        }).ConfigureAwait(false);
        if (stream.IncludesUsage && !sse.HasFailed) sse.Event(json => reply.WriteUsage(json, generation.Usage));
        sse.Done();
        await sse.FlushAsync().ConfigureAwait(false);
    }

    private static TextOptions ReadOptions(JsonFields fields, ServedModel model)
    {
        var options = SamplingFields.Read(fields, model);
        var wants = fields.Flag("logprobs") ?? false;
        var top = fields.Whole("top_logprobs", 0, GenerationRequest.TopLogprobsMax);
        if (top is > 0 && !wants) throw ApiFault.Invalid("top_logprobs", "'top_logprobs' needs 'logprobs': true.");
        return options with
        {
            TokensMax = fields.Whole("max_completion_tokens", 1, int.MaxValue)
                ?? fields.Whole("max_tokens", 1, int.MaxValue) ?? int.MaxValue,
            WantsLogprobs = wants,
            TopLogprobs = top ?? 0,
        };
    }
}
