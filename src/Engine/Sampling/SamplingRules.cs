using Minka.Engine.Constraints.Masks;
using Minka.Engine.Sampling.Filters;

namespace Minka.Engine.Sampling;

/// <summary>How one sequence's tokens are sampled: its filters in order, and its source of chance.</summary>
public sealed class SamplingRules
{
    private readonly ILogitFilter[] _logitFilters;
    private readonly ISamplingFilter[] _filters;

    private readonly ConstraintMatcher? _matcher;
    private readonly int[] _stopIds;
    private readonly int _tokensMin;

    /// <param name="request">What is asked for.</param>
    /// <param name="stopIds">Tokens that end the text.</param>
    /// <param name="constraint">What the text must look like.</param>
    /// <param name="isMeasured">Whether the prompt is measured too.</param>
    internal SamplingRules(
        GenerationRequest request, int[] stopIds, GrammarMasks? constraint = null, bool isMeasured = false)
    {
        var options = request.Sampling;
        Seed = options.Seed;
        IsGreedy = options.IsGreedy;
        (_stopIds, _tokensMin) = (stopIds, request.TokensMin);
        _matcher = constraint is null ? null : new ConstraintMatcher(constraint);
        ILogitFilter[] mask = _matcher is null ? [] : [new ConstraintMask(_matcher, stopIds)];
        _logitFilters = [.. mask, .. LogitFilters(options, request.TokensMin, stopIds)];
        CanForce = _matcher is not null && options.BadWords.Count + options.AllowedIds.Count == 0
            && !request.WantsLogprobs;
        _filters = IsGreedy ? [] : [.. Filters(options)];
        Needed = LogitsNeeded.Of(request, isMeasured, _logitFilters);
    }

    /// <summary>What of a row of logits decides the token that is drawn from it, and of one that none is drawn
    /// from.</summary>
    internal (LogitsNeeded Drawn, LogitsNeeded Measured) Needed { get; }

    internal ulong Seed { get; }

    internal bool IsGreedy { get; }

    /// <summary>Whether the token is that of the model's largest logit, whatever the text is.</summary>
    internal bool IsLargest => IsGreedy && _logitFilters.Length == 0;

    internal ReadOnlySpan<ILogitFilter> LogitFilterList => _logitFilters;

    internal ReadOnlySpan<ISamplingFilter> FilterList => _filters;

    /// <summary>Whether what must be read from the text can be found while the model computes.</summary>
    internal bool CanPrepare => _matcher is not null;

    /// <summary>Whether a token may be said without logits, where it is the only one allowed.</summary>
    internal bool CanForce { get; }

    /// <summary>Why no token can be picked, for who asked.</summary>
    internal string WhyNothing => _matcher switch
    {
        null => "No token can follow: allowed_token_ids, bad_words and min_tokens forbid all, or the model's "
            + "logits are not numbers.",
        { HasOverflowed: true } => "The text can be read by its constraint in too many ways to be followed; write the "
            + "grammar so that it is less ambiguous.",
        _ => "No token of the vocabulary can follow: what the constraint allows here, other rules of the request "
            + "forbid, or no token spells it.",
    };

    /// <summary>Finds out which tokens may follow a text and each of the guesses after it, so that sampling need
    /// not.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="guesses">Guesses that the step verifies; those after one that is not allowed do not matter.</param>
    internal void Prepare(ReadOnlySpan<int> text, ReadOnlySpan<int> guesses)
    {
        _matcher!.MoveTo(text);
        var allowed = _matcher.Allowed();
        foreach (var guess in guesses)
        {
            if (!allowed[guess]) return;
            _matcher.Append(guess);
            allowed = _matcher.Allowed();
        }
    }

    /// <summary>Whether a constraint allows nothing after a text.</summary>
    internal bool IsComplete(ReadOnlySpan<int> text)
    {
        _matcher?.MoveTo(text);
        return _matcher is { IsComplete: true };
    }

    /// <summary>The only token that may follow a text and the tokens that will be appended to it.</summary>
    internal bool TryForce(ReadOnlySpan<int> text, ReadOnlySpan<int> appended, out int token)
    {
        _matcher!.MoveTo(text);
        foreach (var id in appended) _matcher.Append(id);
        // Where several bytes may follow, the mask is not asked for here: it is found while the model computes.
        token = _matcher.IsOneByteNext ? _matcher.Allowed().Single() : -1;
        // One that would end the text too early is no way on, which sampling finds and says.
        return token >= 0 && !(text.Length + appended.Length < _tokensMin && _stopIds.Contains(token));
    }

    /// <summary>Filters of all tokens, in the order in which they apply.</summary>
    internal static IEnumerable<ILogitFilter> LogitFilters(SamplingOptions options, int tokensMin, int[] stopIds)
    {
        if (options.AllowedIds.Count > 0) yield return new AllowedTokens(options.AllowedIds);
        if (options.BadWords.Count > 0) yield return new BadWords(options.BadWords);
        if (tokensMin > 0) yield return new LeastLength(tokensMin, stopIds);
        if (options.LogitBias.Count > 0) yield return new LogitBias(options.LogitBias);
        if (options.RepetitionPenalty != 1 || options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
            yield return new Penalties(options);
        if (options.DryMultiplier > 0)
            yield return new Dry(options);
    }

    /// <summary>Filters of the candidates, in the order in which they apply.</summary>
    internal static IEnumerable<ISamplingFilter> Filters(SamplingOptions options) =>
        options.Order.Select(kind => Filter(kind, options)).OfType<ISamplingFilter>();

    private static ISamplingFilter? Filter(SamplingFilterKind kind, SamplingOptions options) => kind switch
    {
        SamplingFilterKind.Temperature when options.Temperature != 1 => new Temperature(options.Temperature),
        SamplingFilterKind.MinP when options.MinP > 0 => new MinP(options.MinP),
        SamplingFilterKind.TopK when options.TopK > 0 => new TopK(options.TopK),
        SamplingFilterKind.TypicalP when options.TypicalP < 1 => new TypicalP(options.TypicalP),
        SamplingFilterKind.TopP when options.TopP < 1 => new TopP(options.TopP),
        SamplingFilterKind.Xtc when options.XtcProbability > 0 =>
            new Xtc(options.XtcProbability, options.XtcThreshold),
        _ => null,
    };
}
