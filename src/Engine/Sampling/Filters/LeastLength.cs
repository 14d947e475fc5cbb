namespace Minka.Engine.Sampling.Filters;

/// <summary>Forbids the tokens that end a text until it is long enough.</summary>
internal sealed class LeastLength(int tokensMin, int[] stopIds) : ILogitFilter
{
    public int? LoweredMax => stopIds.Length;

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        if (at.Text.Length >= tokensMin) return;
        foreach (var id in stopIds) logits[id] = float.NegativeInfinity;
    }
}
