using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the tokens whose information is nearest to the entropy, until they add up to p (Meister et al.
/// 2022).</summary>
/// <remarks>Sums in a fixed number of lanes whatever registers there are, so that every machine draws the same
/// token.</remarks>
internal sealed class TypicalP(float probability) : ISamplingFilter
{
    private const int Lanes = 16;

    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        var weights = candidates.Weights(out var total);
        var (logTotal, largest) = (Math.Log(total), (double)candidates.Largest());
        var keys = candidates.Keys;

        // The information of a token is log total - (logit - largest); the entropy is its mean.
        var entropy = logTotal - WeightedSum(weights, candidates.Logits, largest) / total;
        FillKeys(keys, candidates.Logits, largest, logTotal, entropy);
        candidates.KeepHeaviest(keys, weights, probability * total);
    }

    /// <summary>The sum of weight times (logit - largest).</summary>
    private static double WeightedSum(ReadOnlySpan<float> weights, ReadOnlySpan<float> logits, double largest)
    {
        var (origin, lower, upper) = (Vector512.Create(largest), Vector512<double>.Zero, Vector512<double>.Zero);
        ref var weight = ref MemoryMarshal.GetReference(weights);
        ref var logit = ref MemoryMarshal.GetReference(logits);
        var i = 0;
        for (; i <= logits.Length - Lanes; i += Lanes)
        {
            var (a, b) = Vector512.Widen(Vector512.LoadUnsafe(ref weight, (nuint)i));
            var (x, y) = Vector512.Widen(Vector512.LoadUnsafe(ref logit, (nuint)i));
            lower += a * (x - origin);
            upper += b * (y - origin);
        }
        lower += upper;
        var sum = 0.0;
        for (var lane = 0; lane < Vector512<double>.Count; lane++) sum += lower[lane];
        for (; i < logits.Length; i++) sum += weights[i] * (logits[i] - largest);
        return sum;
    }

    /// <summary>How far each token's information is from the entropy, below zero: the largest is the nearest.</summary>
    private static void FillKeys(
        Span<float> keys, ReadOnlySpan<float> logits, double largest, double logTotal, double entropy)
    {
        ref var key = ref MemoryMarshal.GetReference(keys);
        ref var logit = ref MemoryMarshal.GetReference(logits);
        var (origin, log, mean) = (Vector512.Create(largest), Vector512.Create(logTotal), Vector512.Create(entropy));
        var i = 0;
        for (; i <= logits.Length - Lanes; i += Lanes)
        {
            var (x, y) = Vector512.Widen(Vector512.LoadUnsafe(ref logit, (nuint)i));
            var (lower, upper) = (Vector512.Abs(x - origin - log + mean), Vector512.Abs(y - origin - log + mean));
            (-Vector512.Narrow(lower, upper)).StoreUnsafe(ref key, (nuint)i);
        }
        for (; i < logits.Length; i++) keys[i] = -(float)Math.Abs(logits[i] - largest - logTotal + entropy);
    }
}
