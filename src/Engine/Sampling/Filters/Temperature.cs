namespace Minka.Engine.Sampling.Filters;

/// <summary>Divides the logits: below 1 the likely become likelier, above 1 the unlikely do.</summary>
internal sealed class Temperature(float temperature) : ISamplingFilter
{
    public void Apply(Candidates candidates, in SamplingPoint at) => candidates.Divide(temperature);
}
