namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps tokens at least this share as probable as the best one (Nguyen et al. 2024).</summary>
internal sealed class MinP(float share) : ISamplingFilter
{
    // p >= share * p_best is the same as logit >= logit_best + log(share).
    private readonly float _distance = MathF.Log(share);

    public void Apply(Candidates candidates, in SamplingPoint at) =>
        candidates.KeepFrom(candidates.Largest() + _distance);
}
