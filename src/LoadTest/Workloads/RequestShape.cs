namespace Minka.LoadTest.Workloads;

/// <summary>What one request asks for, before there is a text of that length.</summary>
/// <param name="PromptTokens">Tokens of the prompt, at least 1.</param>
/// <param name="OutputTokens">Tokens to make at most, at least 1.</param>
public sealed record RequestShape(int PromptTokens, int OutputTokens)
{
    /// <summary>The prompt itself, where the data set has one; null to write <see cref="PromptTokens"/> of words.
    /// </summary>
    public string? Text { get; init; }

    /// <summary>When it was recorded, in seconds; null where the data set has no times.</summary>
    public double? At { get; init; }

    /// <summary>Tokens at the start that all requests have in common.</summary>
    public int SharedTokens { get; init; }

    /// <summary>
    /// What each <see cref="BlockTokens"/> tokens hold: requests whose first blocks are equal share that much text.
    /// Empty for text of its own.
    /// </summary>
    public IReadOnlyList<long> Blocks { get; init; } = [];

    /// <summary>Tokens of a block of <see cref="Blocks"/>, as Mooncake's traces have them.</summary>
    public const int BlockTokens = 512;
}
