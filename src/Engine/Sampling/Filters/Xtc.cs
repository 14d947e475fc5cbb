namespace Minka.Engine.Sampling.Filters;

/// <summary>Sometimes removes the most probable tokens but the least of them, so that the text takes another
/// turn.</summary>
/// <remarks>"Exclude top choices", after the option of that name in text-generation-webui and llama.cpp.</remarks>
internal sealed class Xtc(float probability, float threshold) : ISamplingFilter
{
    public void Apply(Candidates candidates, in SamplingPoint at)
    {
        if (threshold > 0.5f || at.Uniform(ChanceStream.Xtc) >= probability) return;

        var weights = candidates.Weights(out var total);
        var (likely, least) = (0, -1);
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] < threshold * total) continue;
            likely++;
            if (least < 0 || weights[i] < weights[least]) least = i;
        }
        if (likely < 2) return;

        var keys = candidates.Keys;
        for (var i = 0; i < keys.Length; i++) keys[i] = i == least || weights[i] < threshold * total ? 1 : 0;
        candidates.KeepWhere(keys);
    }
}
