using Minka.Engine.Sampling.Filters;

namespace Minka.Engine.Sampling;

/// <summary>How one sequence's tokens are sampled: its filters in order, and its source of chance.</summary>
public sealed class SamplingRules
{
    private readonly ILogitFilter[] _logitFilters;
    private readonly ISamplingFilter[] _filters;

    internal SamplingRules(GenerationRequest request, int[] stopIds)
    {
        var options = request.Sampling;
        Seed = options.Seed;
        IsGreedy = options.IsGreedy;
        _logitFilters = [.. LogitFilters(options, request.TokensMin, stopIds)];
        _filters = IsGreedy ? [] : [.. Filters(options)];
    }

    internal ulong Seed { get; }

    internal bool IsGreedy { get; }

    internal ReadOnlySpan<ILogitFilter> LogitFilterList => _logitFilters;

    internal ReadOnlySpan<ISamplingFilter> FilterList => _filters;

    /// <summary>Filters of all tokens, in the order in which they apply.</summary>
    internal static IEnumerable<ILogitFilter> LogitFilters(SamplingOptions options, int tokensMin, int[] stopIds)
    {
        if (options.BadWords.Count > 0) yield return new BadWords(options.BadWords);
        if (tokensMin > 0) yield return new LeastLength(tokensMin, stopIds);
        if (options.LogitBias.Count > 0) yield return new LogitBias(options.LogitBias);
        if (options.RepetitionPenalty != 1 || options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
            yield return new Penalties(options);
        if (options.DryMultiplier > 0)
            yield return new Dry(options);
    }

    /// <summary>Filters of the candidates, in the order in which they apply.</summary>
    internal static IEnumerable<ISamplingFilter> Filters(SamplingOptions options)
    {
        if (options.Temperature != 1) yield return new Temperature(options.Temperature);
        if (options.MinP > 0) yield return new MinP(options.MinP);
        if (options.TopK > 0) yield return new TopK(options.TopK);
        if (options.TypicalP < 1) yield return new TypicalP(options.TypicalP);
        if (options.TopP < 1) yield return new TopP(options.TopP);
        if (options.XtcProbability > 0) yield return new Xtc(options.XtcProbability, options.XtcThreshold);
    }
}
