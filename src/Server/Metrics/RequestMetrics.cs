using Minka.Server.Generating;

namespace Minka.Server.Metrics;

/// <summary>Counts every request when it has ended.</summary>
internal sealed class RequestMetrics(ServingMetrics serving) : IRequestObserver
{
    public void Began(RequestTrace trace) { }

    public void Ended(RequestTrace trace)
    {
        var finish = FinishOf(trace);
        serving.Answered(trace.Route.Length > 0 ? trace.Route : "none", trace.Status, finish);
        if (trace.Generations.Count == 0 && trace.Status is 429 or 503) serving.Rejected(trace.FaultCode ?? "other");
        if (trace.Generations.Count == 0) return;

        var model = serving.ForModel(trace.Model);
        if (trace.FirstByte is { } firstByte) model.FirstByte.Observe(firstByte);
        foreach (var generation in trace.Generations) Observe(model, generation);
        model.EndedBy(finish).Add();
    }

    /// <summary>Why the text of a request ended: <c>stop</c>, <c>length</c>, <c>tool_calls</c>; <c>abort</c> when its
    /// client left, <c>error</c> when it failed on the way; empty when there was to be no text.</summary>
    public static string FinishOf(RequestTrace trace)
    {
        if (trace.Generations.Count == 0) return "";
        if (trace.FaultCode is not null || trace.Status >= 500) return "error";
        var word = "";
        foreach (var generation in trace.Generations)
            foreach (var finish in generation.Finishes)
            {
                if (finish is null) return "abort";
                word = finish switch
                {
                    TextFinish.Length => "length",
                    TextFinish.ToolCalls => "tool_calls",
                    _ => "stop",
                };
            }
        return word;
    }

    private static void Observe(ModelMetrics model, TextGeneration generation)
    {
        var usage = generation.Usage;
        var before = generation.SubmittedAfter;
        model.PromptTokens.Observe(usage.Prompt);
        model.GenerationTokens.Observe(usage.Completion);
        model.LongestGeneration.Observe(generation.LongestChoice);
        model.ParamChoices.Observe(generation.Options.Choices);
        if (generation.Options.TokensMax < int.MaxValue) model.ParamMaxTokens.Observe(generation.Options.TokensMax);
        model.InterToken.Add(generation.Gaps);

        var first = generation.TimeToFirstToken;
        if (first == TimeSpan.Zero) return;
        model.Queue.Observe(generation.QueueTime);
        model.FirstToken.Observe(before + first);
        model.Prefill.Observe(first - generation.QueueTime);
        model.Decode.Observe(generation.DecodeTime);
        model.Inference.Observe(first - generation.QueueTime + generation.DecodeTime);
        model.EndToEnd.Observe(before + first + generation.DecodeTime);
        if (generation.LongestChoice > 1)
            model.PerToken.Observe(generation.DecodeTime / (generation.LongestChoice - 1));
    }
}
