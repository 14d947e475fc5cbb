namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the fewest tokens whose probabilities add up to p, at least one (Holtzman et al. 2019).</summary>
internal sealed class TopP(float probability) : ISamplingFilter
{
    private const float Margin = 0.01f;
    private const double Rounding = 1.004;
    private const int StepsMax = 8;

    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        candidates.Weights(out var total);
        var target = probability * total;
        candidates.KeepFrom(candidates.Largest() + (float)Math.Log(Floor(candidates, target, total)) - Margin);
        var weights = candidates.Weights(out _);
        candidates.KeepHeaviest(weights, weights, target);
    }

    /// <summary>A weight below which no token can be kept, so that few are looked at one by one.</summary>
    private static double Floor(Candidates candidates, double target, double total)
    {
        // The heaviest token weighs 1. All that are lighter than an equal share of what p leaves out weigh no more than
        // that together. Where heavier ones are enough by more than rounding explains, lighter ones are not needed.
        var floor = (total - target) / candidates.Count;
        for (var step = 0; step < StepsMax; step++)
        {
            if (4 * floor > 1 || candidates.WeightFrom((float)(4 * floor)) < Rounding * target) break;
            floor *= 4;
        }
        return floor;
    }
}
