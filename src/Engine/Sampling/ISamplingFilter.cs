namespace Minka.Engine.Sampling;

/// <summary>Changes the logits of all tokens before one is picked. One file per filter, one line in
/// SamplingRules.</summary>
internal interface ILogitFilter
{
    /// <summary>Changes <paramref name="logits"/> in place; a token at negative infinity cannot be picked.</summary>
    /// <param name="logits"><c>[vocabulary]</c>.</param>
    /// <param name="at">What came before.</param>
    void Apply(Span<float> logits, in SamplingPoint at);

    /// <summary>Tokens that it lowers at most at one point, if it raises none; null where it may, or lowers any
    /// number.</summary>
    int? LoweredMax => null;
}

/// <summary>Narrows the candidates for the next token. One file per filter, one line in SamplingRules.</summary>
internal interface ISamplingFilter
{
    /// <summary>Removes candidates, or changes their logits. One candidate at least stays.</summary>
    /// <param name="candidates">By rising id.</param>
    /// <param name="at">What came before.</param>
    void Apply(Candidates candidates, in SamplingPoint at);
}

/// <summary>Where a token is sampled: all that a filter may know.</summary>
/// <param name="tokens">Prompt and text so far.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
/// <param name="seed">The request's seed.</param>
/// <param name="choice">Which of the request's choices.</param>
/// <param name="counts">Scratch, <c>[vocabulary]</c>: zero when a filter gets it, and zero again when it is
/// done.</param>
internal readonly ref struct SamplingPoint(
    ReadOnlySpan<int> tokens, int promptLength, ulong seed, int choice, Span<int> counts)
{
    /// <summary>Prompt and text so far.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; } = promptLength;

    /// <summary>The text so far.</summary>
    public ReadOnlySpan<int> Text => Tokens[PromptLength..];

    /// <summary>Scratch: zero before and after.</summary>
    public Span<int> Counts { get; } = counts;

    /// <summary>The number in [0, 1) that decides at this position, whatever else runs.</summary>
    public double Uniform(ChanceStream stream) => Philox.Uniform(seed, Tokens.Length, choice, stream);
}
