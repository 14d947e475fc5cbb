using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>POST /v1/completions.</summary>
internal sealed class CompletionsEndpoint(ServerParts server)
{
    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var trace = RequestTrace.Of(context);
        using var lease = await server.OpenAsync(body.Fields.Text("model"), trace).ConfigureAwait(false);
        var request = CompletionRequest.Read(body.Fields, lease.Model);
        var generations = Submit(request, lease.Model, trace);
        var reply = new CompletionReply(
            ReplyHead.New("cmpl-", lease.Model, server), lease.Model, request, generations);
        if (request.Stream.IsStream)
        {
            await StreamAsync(context, request, generations, reply).ConfigureAwait(false);
            return;
        }
        var answers = await ReadAsync(generations).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json => reply.WriteWhole(json, answers, Usage(generations)))
            .ConfigureAwait(false);
    }

    /// <summary>All prompts at once; none if one is refused.</summary>
    private static List<TextGeneration> Submit(CompletionRequest request, ServedModel model, RequestTrace trace)
    {
        var generations = new List<TextGeneration>(request.Prompts.Count);
        try
        {
            foreach (var prompt in request.Prompts)
                generations.Add(model.Complete(prompt.Ids, request.Options, trace));
            return generations;
        }
        catch
        {
            foreach (var generation in generations) generation.Cancel();
            throw;
        }
    }

    private static async Task<IReadOnlyList<WholeAnswer>> ReadAsync(List<TextGeneration> generations)
    {
        var each = generations[0].Options.Choices;
        var answers = new WholeAnswer[generations.Count * each];
        for (var i = 0; i < answers.Length; i++) answers[i] = new WholeAnswer();
        var batches = MergedBatches.ReadAsync(generations, Timeout.InfiniteTimeSpan);
        await foreach (var batch in batches.ConfigureAwait(false))
            foreach (var happened in batch) answers[happened.Choice].Add(happened);
        return answers;
    }

    private async Task StreamAsync(
        HttpContext context, CompletionRequest request, List<TextGeneration> generations, CompletionReply reply)
    {
        await using var sse = new SseWriter(context);
        var begun = new bool[generations.Count * request.Choices];
        await sse.WriteAsync(MergedBatches.ReadAsync(generations, server.Options.Heartbeat), happened =>
        {
            var usage = Usage(generations);
            if (!begun[happened.Choice] && request.Echoes)
                sse.Event(json => reply.WriteEcho(json, happened.Choice, usage));
            begun[happened.Choice] = true;
            if (happened is TextEvent.Delta delta) sse.Event(json => reply.WriteDelta(json, delta, usage));
            else sse.Event(json => reply.WriteEnd(json, (TextEvent.End)happened, usage));
        }).ConfigureAwait(false);
        if (request.Stream.IncludesUsage && !sse.HasFailed)
            sse.Event(json => reply.WriteUsage(json, Usage(generations)));
        sse.Done();
        await sse.FlushAsync().ConfigureAwait(false);
    }

    private static TokenUsage Usage(List<TextGeneration> generations) =>
        generations.Aggregate(default(TokenUsage), (sum, one) => sum + one.Usage);
}
