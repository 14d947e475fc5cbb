namespace Minka.LoadTest.Workloads;

/// <summary>Lengths by chance, as vLLM's data set <c>random</c>: uniform around a mean.</summary>
/// <param name="PromptTokens">Mean tokens of a prompt.</param>
/// <param name="OutputTokens">Mean tokens of an answer.</param>
/// <param name="RangeRatio">Lengths are uniform in <c>[mean (1 - ratio), mean (1 + ratio)]</c>; within [0, 1).</param>
/// <param name="SharedTokens">Tokens in common before each prompt's own.</param>
public sealed record RandomLengths(int PromptTokens, int OutputTokens, double RangeRatio = 0, int SharedTokens = 0)
{
    /// <summary>So many requests.</summary>
    public IReadOnlyList<RequestShape> Draw(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            new RequestShape(SharedTokens + Around(PromptTokens, random), Around(OutputTokens, random))
            {
                SharedTokens = SharedTokens,
            })];
    }

    private int Around(int mean, Random random)
    {
        var least = Math.Max(1, (int)Math.Floor(mean * (1 - RangeRatio)));
        var most = Math.Max(least, (int)Math.Ceiling(mean * (1 + RangeRatio)));
        return random.Next(least, most + 1);
    }
}
