namespace Minka.Engine.Sampling.Filters;

/// <summary>Makes it costly to go on repeating: the longer the repetition, the more.</summary>
/// <remarks>
/// "Don't repeat yourself", after the option of that name in text-generation-webui and llama.cpp: a token that would
/// extend a repetition of n tokens loses <c>multiplier * base^(n - allowed)</c>. Repetitions longer than 64 tokens
/// count as 64: the penalty is past any logit by then.
/// </remarks>
internal sealed class Dry(SamplingOptions options) : ILogitFilter
{
    private const int LengthMax = 64;

    private readonly float _multiplier = options.DryMultiplier, _growth = options.DryBase;
    private readonly int _allowed = options.DryAllowedLength, _window = options.DryWindow;
    private readonly HashSet<int> _breakers = [.. options.DryBreakers];

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        var tokens = _window == 0 || _window > at.Tokens.Length ? at.Tokens : at.Tokens[^_window..];
        var suffix = SuffixLength(tokens);
        if (suffix < _allowed) return;

        var counts = at.Counts;
        var lowest = tokens.Length;
        for (var end = tokens.Length - 1; end > 0; end--)
        {
            var length = 0;
            while (length < suffix && length < end && tokens[end - 1 - length] == tokens[^(1 + length)]) length++;
            if (length < _allowed || _breakers.Contains(tokens[end])) continue;
            counts[tokens[end]] = Math.Max(counts[tokens[end]], length);
            lowest = end;
        }
        foreach (var id in tokens[lowest..])
        {
            if (counts[id] == 0) continue;
            logits[id] -= _multiplier * MathF.Pow(_growth, counts[id] - _allowed);
            counts[id] = 0;
        }
    }

    /// <summary>Tokens at the end that may count as repeated: none before a breaker.</summary>
    private int SuffixLength(ReadOnlySpan<int> tokens)
    {
        var length = 0;
        while (length < tokens.Length && length < LengthMax && !_breakers.Contains(tokens[^(1 + length)])) length++;
        return length;
    }
}
