using System.Diagnostics;
using Minka.Server.Generating;

namespace Minka.Server.Observing;

/// <summary>A span for each request that made text, with its queue, prefill and decode inside; made when it has ended,
/// so nothing is kept while it runs. It joins the trace that the client's <c>traceparent</c> names.</summary>
internal sealed class RequestSpans : IRequestObserver, IDisposable
{
    private readonly ActivitySource _source = new(GenAiNames.Minka);
    private readonly TimeProvider _time;

    public RequestSpans(TimeProvider time) => _time = time;

    public void Began(RequestTrace trace) { }

    public void Ended(RequestTrace trace)
    {
        if (trace.Generations.Count == 0 || !_source.HasListeners()) return;
        var request = EndedRequest.Of(trace, _time.GetUtcNow());
        var operation = GenAiNames.OperationOf(trace.Route);
        ActivityContext.TryParse(trace.TraceParent, trace.TraceState, isRemote: true, out var parent);
        var start = trace.ReceivedAt.UtcDateTime;
        using var span = _source.StartActivity(
            ActivityKind.Server, parent, Tags(request, operation, trace.Generations[0]), startTime: start,
            name: $"{operation} {trace.Model}");
        if (span is null) return;
        span.SetTag(GenAiNames.FinishReasons, new[] { request.Finish });
        if (request.Status >= 500 || request.Finish == "error") span.SetStatus(ActivityStatusCode.Error);
        foreach (var generation in trace.Generations) AddParts(span.Context, start, generation);
        span.SetEndTime(start + TimeSpan.FromSeconds(request.EndToEnd));
    }

    public void Dispose() => _source.Dispose();

    private static TagList Tags(EndedRequest request, string operation, TextGeneration first)
    {
        var tags = new TagList
        {
            { GenAiNames.Operation, operation },
            { GenAiNames.Provider, GenAiNames.Minka },
            { GenAiNames.RequestModel, request.Model },
            { GenAiNames.ResponseModel, request.Model },
            { GenAiNames.ResponseId, request.Id },
            { GenAiNames.RequestChoices, first.Options.Choices },
            { GenAiNames.InputTokens, request.Prompt },
            { GenAiNames.CachedTokens, request.Cached },
            { GenAiNames.OutputTokens, request.Generated },
            { GenAiNames.HttpRoute, request.Route },
            { GenAiNames.HttpStatus, request.Status },
        };
        if (first.Options.TokensMax < int.MaxValue) tags.Add(GenAiNames.RequestMaxTokens, first.Options.TokensMax);
        if (request.Fault is not null) tags.Add(GenAiNames.ErrorType, request.Fault);
        return tags;
    }

    private void AddParts(ActivityContext parent, DateTime start, TextGeneration generation)
    {
        var at = start + generation.SubmittedAfter;
        if (generation.QueueTime == TimeSpan.Zero) return;
        Add("queue", at, generation.QueueTime);
        if (generation.TimeToFirstToken == TimeSpan.Zero) return;
        Add("prefill", at + generation.QueueTime, generation.TimeToFirstToken - generation.QueueTime);
        Add("decode", at + generation.TimeToFirstToken, generation.DecodeTime);

        void Add(string name, DateTime from, TimeSpan time)
        {
            using var part = _source.StartActivity(ActivityKind.Internal, parent, startTime: from, name: name);
            part?.SetEndTime(from + time);
        }
    }
}
