namespace Minka.Engine.Sampling.Filters;

/// <summary>Makes what was said before less likely to be said again.</summary>
/// <remarks>
/// Repetition (Keskar et al. 2019) counts prompt and text: positive logits are divided, negative ones multiplied.
/// Frequency and presence count the text: once per occurrence, once if there is any.
/// </remarks>
internal sealed class Penalties(SamplingOptions options) : ILogitFilter
{
    private readonly float _repetition = options.RepetitionPenalty;
    private readonly float _frequency = options.FrequencyPenalty;
    private readonly float _presence = options.PresencePenalty;
    private readonly int _window = options.PenaltyWindow;

    public int? LoweredMax =>
        _window > 0 && _repetition >= 1 && _frequency >= 0 && _presence >= 0 ? _window : null;

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        var tokens = Last(at.Tokens);
        var counts = at.Counts;
        if (_repetition != 1)
        {
            foreach (var id in tokens)
            {
                if (counts[id]++ > 0) continue;
                logits[id] = logits[id] > 0 ? logits[id] / _repetition : logits[id] * _repetition;
            }
            foreach (var id in tokens) counts[id] = 0;
        }
        if (_frequency == 0 && _presence == 0) return;

        var text = Last(at.Text);
        foreach (var id in text) counts[id]++;
        foreach (var id in text)
        {
            if (counts[id] == 0) continue;
            logits[id] -= _frequency * counts[id] + _presence;
            counts[id] = 0;
        }
    }

    private ReadOnlySpan<int> Last(ReadOnlySpan<int> tokens) =>
        _window == 0 || _window > tokens.Length ? tokens : tokens[^_window..];
}
