namespace Minka.Engine.Sampling.Filters;

/// <summary>Adds to the logits of single tokens.</summary>
internal sealed class LogitBias(IReadOnlyDictionary<int, float> biases) : ILogitFilter
{
    private readonly KeyValuePair<int, float>[] _biases = [.. biases];

    public int? LoweredMax => _biases.All(entry => entry.Value <= 0) ? _biases.Length : null;

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        foreach (var (id, bias) in _biases) logits[id] += bias;
    }
}
