using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Sampling;

/// <summary>Picks one token from logits. Its scratch is allocated once; one caller at a time.</summary>
/// <param name="vocabularySize">Logits per row.</param>
public sealed class Sampler(int vocabularySize)
{
    private readonly Candidates _candidates = new(vocabularySize);
    private readonly int[] _counts = new int[vocabularySize];

    /// <summary>Picks the token that follows the first <paramref name="length"/> tokens of a sequence.</summary>
    /// <param name="sequence">Whose token; its drafts may be part of the length.</param>
    /// <param name="length">Tokens before the one to pick.</param>
    /// <param name="logits"><c>[vocabulary]</c>; overwritten.</param>
    /// <param name="token">The token picked.</param>
    /// <returns>False when no token is allowed, or no logit is a number.</returns>
    public bool TrySample(Sequence sequence, int length, Span<float> logits, out int token)
    {
        var rules = sequence.Rules;
        var at = new SamplingPoint(
            sequence.TokensAndDrafts[..length], sequence.PromptLength, rules.Seed, sequence.Choice, _counts);
        return TrySample(rules, at, logits, out token);
    }

    internal bool TrySample(SamplingRules rules, in SamplingPoint at, Span<float> logits, out int token)
    {
        foreach (var filter in rules.LogitFilterList) filter.Apply(logits, at);
        if (rules.IsGreedy) return TryPickLargest(logits, out token);

        token = 0;
        _candidates.Load(logits);
        if (_candidates.Count == 0) return false;
        foreach (var filter in rules.FilterList) filter.Apply(_candidates, at);
        token = _candidates.Draw(at.Uniform(ChanceStream.Draw));
        return true;
    }

    /// <summary>Log-probabilities by the model's own logits, before anything changes them.</summary>
    /// <param name="logits"><c>[vocabulary]</c>.</param>
    /// <param name="top">How many of the most probable tokens to report.</param>
    /// <param name="sum">Of the whole row, where only its largest logits are here and the others are negative
    /// infinity; null where all are here.</param>
    public RawLogprobs Measure(ReadOnlySpan<float> logits, int top, LogSumExp? sum = null)
    {
        _candidates.Load(logits);
        if (_candidates.Count == 0) return new(0, 0, []);
        var (largest, logTotal) = sum ?? SumCandidates();

        _candidates.KeepLargest(top);
        var best = new TokenLogprob[_candidates.Count];
        for (var i = 0; i < best.Length; i++)
            best[i] = new(_candidates.Ids[i], RawLogprobs.Of(_candidates.Logits[i], largest, logTotal));
        Array.Sort(best, (left, right) => (-left.Logprob, left.Id).CompareTo((-right.Logprob, right.Id)));
        return new(largest, logTotal, best);
    }

    /// <summary>What some tokens add up to. Where they are the whole row, <see cref="Measure"/> finds the same
    /// bits.</summary>
    /// <param name="logits">Of consecutive tokens, at most a vocabulary.</param>
    public LogSumExp Sum(ReadOnlySpan<float> logits)
    {
        _candidates.Load(logits);
        return _candidates.Count == 0 ? LogSumExp.None : SumCandidates();
    }

    private LogSumExp SumCandidates()
    {
        _candidates.Weights(out var total);
        return new(_candidates.Largest(), Math.Log(total));
    }

    private static bool TryPickLargest(ReadOnlySpan<float> logits, out int token)
    {
        token = Logits.IndexOfLargest(logits);
        return logits[token] > float.NegativeInfinity;
    }
}

/// <summary>What the model itself thinks of one position.</summary>
/// <param name="Largest">The largest logit.</param>
/// <param name="LogTotal">Logarithm of the sum of <c>exp(logit - Largest)</c>.</param>
/// <param name="Top">The most probable tokens, best first.</param>
public readonly record struct RawLogprobs(float Largest, double LogTotal, IReadOnlyList<TokenLogprob> Top)
{
    // JSON has no negative infinity; this is what OpenAI prints.
    private const float Least = -9999;

    /// <summary>Log-probabilities with a certain token as the one that stands there.</summary>
    /// <param name="id">The token.</param>
    /// <param name="logit">Its logit, unchanged.</param>
    public TokenLogprobs Of(int id, float logit) => new(new(id, Of(logit, Largest, LogTotal)), Top);

    internal static float Of(float logit, float largest, double logTotal)
    {
        var logprob = (float)(logit - largest - logTotal);
        return logprob >= Least ? logprob : Least;
    }
}
