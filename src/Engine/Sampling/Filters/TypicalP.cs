namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the tokens whose information is nearest to the entropy, until they add up to p (Meister et al.
/// 2022).</summary>
internal sealed class TypicalP(float probability) : ISamplingFilter
{
    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        var weights = candidates.Weights(out var total);
        var logTotal = Math.Log(total);
        var largest = candidates.Largest();
        var entropy = 0.0;
        for (var i = 0; i < weights.Length; i++)
            entropy -= weights[i] / total * (candidates.Logits[i] - largest - logTotal);

        var keys = candidates.Keys;
        for (var i = 0; i < keys.Length; i++)
            keys[i] = -(float)Math.Abs(-(candidates.Logits[i] - largest - logTotal) - entropy);
        candidates.KeepHeaviest(keys, weights, probability * total);
    }
}
