namespace Minka.Engine.Sampling.Filters;

/// <summary>Keeps the k most probable tokens; at equal logits, the lower ids.</summary>
internal sealed class TopK(int count) : ISamplingFilter
{
    public void Apply(Candidates candidates, in SamplingPoint at) => candidates.KeepLargest(count);
}
