using Minka.Engine.Sampling;

namespace Minka.Engine;

/// <summary>A token, or the end of one choice, or both.</summary>
/// <param name="Choice">Which of the request's choices, from 0.</param>
/// <param name="Id">Token id; for an end without a token, of no meaning.</param>
/// <param name="IsText">Whether the token belongs to the text; false for an end of text and for an end without a
/// token.</param>
/// <param name="Finish">Other than <see cref="FinishReason.None"/> exactly once per choice: nothing follows.</param>
/// <param name="Logprobs">Log-probabilities, when asked for.</param>
/// <param name="At">When it was made, since the request was submitted: differences are inter-token latencies.</param>
public readonly record struct GeneratedToken(
    int Choice, int Id, bool IsText, FinishReason Finish, TokenLogprobs? Logprobs = null, TimeSpan At = default);
