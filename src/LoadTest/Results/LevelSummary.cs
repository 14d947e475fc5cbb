using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>What is said of one level of load.</summary>
public sealed record LevelSummary
{
    /// <summary>From the start until the last request was over, s.</summary>
    public required double Duration { get; init; }

    /// <summary>Requests with a whole answer.</summary>
    public required int Completed { get; init; }

    /// <summary>Requests that failed; those that Ctrl+C ended are not among them.</summary>
    public required int Failed { get; init; }

    /// <summary>Requests that Ctrl+C ended.</summary>
    public int Cancelled { get; init; }

    /// <summary>Requests, failed ones among them, that were sent once more because a kept connection may have been
    /// closed under them.</summary>
    public int Resent { get; init; }

    /// <summary>Tokens of the prompts of completed requests.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Tokens made in completed requests.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Requests per second that met every target; null without targets.</summary>
    public double? Goodput { get; init; }

    /// <summary>Share of the requests that met every target; failed ones did not. Null without targets.</summary>
    public double? Attainment { get; init; }

    /// <summary>Most tokens made within one second of the run.</summary>
    public required double PeakTokensPerSecond { get; init; }

    /// <summary>Most requests under way at once.</summary>
    public required int PeakConcurrency { get; init; }

    /// <summary>Time to first token, from when the request should have been sent.</summary>
    public required Distribution Ttft { get; init; }

    /// <summary>Time to first token, from when the request was sent.</summary>
    public required Distribution TtftFromSend { get; init; }

    /// <summary>Mean time of a token after the first, one value a request.</summary>
    public required Distribution Tpot { get; init; }

    /// <summary>Gaps between pieces of output, all requests together.</summary>
    public required Distribution Itl { get; init; }

    /// <summary>Time to the last token, from when the request should have been sent.</summary>
    public required Distribution EndToEnd { get; init; }

    /// <summary>How late our own clock sent requests, worst of a hundred, ms: what to distrust the rest by.</summary>
    public double SendLagMs { get; init; }

    /// <summary>Tokens that one event carries on the mean; ITL is a gap between events.</summary>
    public double TokensPerEvent { get; init; } = 1;

    /// <summary>The server counted the tokens of every completed request.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>Failures by kind, most first.</summary>
    public IReadOnlyList<FailureCount> Failures { get; init; } = [];

    /// <summary>Completed requests per second.</summary>
    public double RequestThroughput => PerSecond(Completed);

    /// <summary>Tokens made per second.</summary>
    public double OutputThroughput => PerSecond(OutputTokens);

    /// <summary>Tokens read and made per second.</summary>
    public double TotalThroughput => PerSecond(InputTokens + OutputTokens);

    private double PerSecond(double count) => Duration > 0 ? count / Duration : 0;

    /// <summary>Counts what came of a level.</summary>
    /// <param name="outcome">Level and its requests.</param>
    /// <param name="slo">Targets; null for none.</param>
    /// <param name="percents">Percentiles to compute.</param>
    public static LevelSummary Of(LevelOutcome outcome, Slo? slo, IReadOnlyList<double> percents) =>
        Of(outcome.Outcomes, outcome.Duration, outcome.Level.ConcurrencyMax is not null, slo, percents);

    /// <summary>Counts what came of requests.</summary>
    /// <param name="all">The requests.</param>
    /// <param name="duration">Of all of them together, s.</param>
    /// <param name="isLimited">So many were under way at most; then one that is late waited for another.</param>
    /// <param name="slo">Targets; null for none.</param>
    /// <param name="percents">Percentiles to compute.</param>
    internal static LevelSummary Of(
        IReadOnlyList<RequestOutcome> all, double duration, bool isLimited, Slo? slo, IReadOnlyList<double> percents)
    {
        var completed = all.Where(request => request.IsCompleted).ToList();
        var failed = all.Where(request => request.Failure is { Kind: not FailureKind.Cancelled }).ToList();
        var judged = completed.Count + failed.Count;
        var good = slo is null ? 0 : completed.Count(slo.IsMetBy);
        var events = completed.Sum(request => request.Gaps.Count + 1L);
        return new()
        {
            Duration = duration,
            Completed = completed.Count,
            Failed = failed.Count,
            Cancelled = all.Count - judged,
            Resent = all.Count(request => request.IsResent),
            InputTokens = completed.Sum(request => (long)request.PromptTokens),
            OutputTokens = completed.Sum(request => (long)request.OutputTokens),
            Goodput = slo is null ? null : duration > 0 ? good / duration : 0,
            Attainment = slo is null ? null : judged > 0 ? good / (double)judged : 0,
            PeakTokensPerSecond = Timelines.TokensPerSecond(all).DefaultIfEmpty().Max(),
            PeakConcurrency = Timelines.Concurrency(all).Select(step => step.Count).DefaultIfEmpty().Max(),
            Ttft = Distribution.OfSeconds(completed.Select(request => request.Ttft), percents),
            TtftFromSend = Distribution.OfSeconds(completed.Select(request => request.TtftFromSend), percents),
            Tpot = Distribution.OfSeconds(
                completed.Where(request => request.OutputTokens > 1).Select(request => request.Tpot), percents),
            Itl = Distribution.OfSeconds(completed.SelectMany(request => request.Gaps), percents),
            EndToEnd = Distribution.OfSeconds(completed.Select(request => request.EndToEnd), percents),
            SendLagMs = isLimited ? 0
                : Distribution.OfSeconds(all.Select(request => request.SentAt - request.PlannedAt), [99]).At(99) ?? 0,
            TokensPerEvent = events > 0 ? completed.Sum(request => (double)request.OutputTokens) / events : 1,
            IsCounted = completed.All(request => request.IsCounted),
            Failures = [.. failed.GroupBy(request => request.Failure!.Name).OrderByDescending(group => group.Count())
                .Select(group => new FailureCount(group.Key, group.Count(), group.First().Failure!.Message))],
        };
    }
}

/// <summary>Failures of one kind.</summary>
/// <param name="Name">Kind.</param>
/// <param name="Count">How many.</param>
/// <param name="Message">What the first of them found.</param>
public sealed record FailureCount(string Name, int Count, string Message);
