namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the fewest tokens whose probabilities add up to p, at least one (Holtzman et al. 2019).</summary>
internal sealed class TopP(float probability) : ISamplingFilter
{
    private const float Margin = 0.01f;

    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        candidates.Weights(out var total);

        // All that are lighter than an equal share of what p leaves out weigh no more than that together. The margin is
        // for rounding.
        var share = (1 - probability) * total / candidates.Count;
        candidates.KeepFrom(candidates.Largest() + (float)Math.Log(share) - Margin);
        var weights = candidates.Weights(out _);
        candidates.KeepHeaviest(weights, weights, probability * total);
    }
}
