namespace Minka.Engine.Sampling;

/// <summary>A token and how probable the model found it, before any penalty, temperature or filter.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Logprob">Natural logarithm of its probability.</param>
public readonly record struct TokenLogprob(int Id, float Logprob);

/// <summary>Log-probabilities at one position.</summary>
/// <param name="Chosen">The token that stands there.</param>
/// <param name="Top">The most probable tokens, best first; as many as asked for.</param>
public sealed record TokenLogprobs(TokenLogprob Chosen, IReadOnlyList<TokenLogprob> Top);
