using Minka.Server.Metrics;

namespace Minka.Server.Observing;

/// <summary>What became of a request. Times in seconds; null where there is none.</summary>
/// <param name="At">When it ended, in seconds since 1970.</param>
/// <param name="Id">Its <c>x-request-id</c>.</param>
/// <param name="Key">Name of the key that was shown; empty without keys.</param>
/// <param name="Route">Template of its route.</param>
/// <param name="Model">The model that answered; empty for none.</param>
/// <param name="Status">HTTP status; 499 for a client that left.</param>
/// <param name="Fault">Code of the error that was answered; null for none.</param>
/// <param name="Finish">Why the text ended; empty where there was none.</param>
/// <param name="Queue">In the engine's queue.</param>
/// <param name="FirstToken">From its arrival until the first token was made.</param>
/// <param name="FirstByte">From its arrival until the first byte of text was sent.</param>
/// <param name="PerToken">Mean time of a token after the first.</param>
/// <param name="EndToEnd">From its arrival to its end.</param>
/// <param name="Prompt">Tokens of its prompts.</param>
/// <param name="Cached">Of those, how many the prefix cache held.</param>
/// <param name="Generated">Tokens of its text.</param>
internal sealed record EndedRequest(
    double At, string Id, string Key, string Route, string Model, int Status, string? Fault, string Finish,
    double? Queue, double? FirstToken, double? FirstByte, double? PerToken, double EndToEnd,
    int Prompt, int Cached, int Generated)
{
    /// <summary>Sums a request up.</summary>
    /// <param name="trace">The request.</param>
    /// <param name="now">When it ended.</param>
    public static EndedRequest Of(RequestTrace trace, DateTimeOffset now)
    {
        var first = trace.Generations.Count > 0 ? trace.Generations[0] : null;
        if (first?.TimeToFirstToken == TimeSpan.Zero) first = null;
        var usage = trace.Usage;
        var gaps = first is null ? 0 : first.LongestChoice - 1;
        return new(
            now.ToUnixTimeMilliseconds() / 1000.0, trace.Id, trace.Key, trace.Route, trace.Model, trace.Status,
            trace.FaultCode, RequestMetrics.FinishOf(trace), first?.QueueTime.TotalSeconds,
            (first?.SubmittedAfter + first?.TimeToFirstToken)?.TotalSeconds, trace.FirstByte?.TotalSeconds,
            gaps > 0 ? first!.DecodeTime.TotalSeconds / gaps : null, trace.Elapsed.TotalSeconds,
            usage.Prompt, usage.Cached, usage.Completion);
    }
}
