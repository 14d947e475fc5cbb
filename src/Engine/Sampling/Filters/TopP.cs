namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the fewest tokens whose probabilities add up to p, at least one (Holtzman et al. 2019).</summary>
internal sealed class TopP(float probability) : ISamplingFilter
{
    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        var weights = candidates.Weights(out var total);
        candidates.KeepHeaviest(weights, weights, probability * total);
    }
}
