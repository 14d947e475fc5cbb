namespace Minka.Engine.Sampling.Filters;

/// <summary>Forbids the last token of a forbidden sequence where the text ends with the rest of it.</summary>
internal sealed class BadWords(IReadOnlyList<IReadOnlyList<int>> words) : ILogitFilter
{
    private readonly int[][] _words = [.. words.Select(word => word.ToArray())];

    public int? LoweredMax => _words.Length;

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        foreach (var word in _words)
            if (at.Text.EndsWith(word.AsSpan(0, word.Length - 1))) logits[word[^1]] = float.NegativeInfinity;
    }
}
