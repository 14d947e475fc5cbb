namespace Minka.Engine.Sampling;

/// <summary>What of a row of logits decides all that a request asks about it.</summary>
/// <param name="Largest">How many of the largest, at equal logits the lower ids; 0 when all of them do.</param>
/// <param name="HasSum">Whether their <see cref="LogSumExp"/> is needed: log-probabilities are asked for.</param>
/// <param name="HasNext">Whether the logit of the token that follows is needed: a prompt is measured.</param>
public readonly record struct LogitsNeeded(int Largest, bool HasSum, bool HasNext)
{
    /// <summary>All of them.</summary>
    public static LogitsNeeded All { get; }

    /// <summary>Of a request: what must be known of a row that a token is drawn from, and of one that is not.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isMeasured">Whether this choice measures the prompt.</param>
    /// <param name="filters">What changes the logits.</param>
    internal static (LogitsNeeded Drawn, LogitsNeeded Measured) Of(
        GenerationRequest request, bool isMeasured, ReadOnlySpan<ILogitFilter> filters)
    {
        var top = isMeasured ? request.PromptTopLogprobs ?? request.TopLogprobs : 0;
        var measured = new LogitsNeeded(Math.Max(1, top), isMeasured, isMeasured);
        var largest = request.Sampling.IsGreedy ? 1L : request.Sampling.DecidingTopK;
        foreach (var filter in filters)
        {
            // Tokens that fall behind leave room for as many that were behind them.
            if (filter.LoweredMax is not { } lowered) return (All, measured);
            largest += largest > 0 ? lowered : 0;
        }
        if (largest is 0 or > int.MaxValue) return (All, measured);
        if (request.WantsLogprobs) top = Math.Max(top, request.TopLogprobs);
        var drawn = new LogitsNeeded(
            Math.Max((int)largest, top), request.WantsLogprobs || isMeasured, isMeasured);
        return (drawn, measured);
    }
}
