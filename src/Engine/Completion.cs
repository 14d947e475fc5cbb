using Minka.Engine.Sampling;

namespace Minka.Engine;

/// <summary>One choice of a request, from its first token to its end.</summary>
/// <param name="Choice">Which of the request's choices, from 0.</param>
/// <param name="Ids">Its text; no end of text.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="StopId">The token that ended it; -1 when it ended without one.</param>
/// <param name="Logprobs">Log-probabilities of <paramref name="Ids"/>; empty when not asked for.</param>
public sealed record Completion(
    int Choice, IReadOnlyList<int> Ids, FinishReason Finish, int StopId, IReadOnlyList<TokenLogprobs> Logprobs)
{
    /// <summary>Mean log-probability of a token; what best-of ranks by. Negative infinity when not measured.</summary>
    public double MeanLogprob =>
        Logprobs.Count == 0 ? double.NegativeInfinity : Logprobs.Average(at => (double)at.Chosen.Logprob);

    /// <summary>Reads a request to its end.</summary>
    /// <param name="generation">Whose tokens; nobody else reads them.</param>
    /// <param name="cancellation">Stops reading, and cancels the request.</param>
    /// <returns>Its choices, in order.</returns>
    public static async Task<IReadOnlyList<Completion>> ReadAsync(
        Generation generation, CancellationToken cancellation = default)
    {
        var choices = new List<GeneratedToken>[generation.Request.Choices];
        for (var i = 0; i < choices.Length; i++) choices[i] = [];
        await foreach (var token in generation.WithCancellation(cancellation).ConfigureAwait(false))
            choices[token.Choice].Add(token);
        return [.. choices.Select(Of)];
    }

    /// <summary>The best of several choices: <paramref name="count"/> of the highest mean log-probability, best
    /// first.</summary>
    public static IReadOnlyList<Completion> Best(IReadOnlyList<Completion> choices, int count) =>
        [.. choices.OrderByDescending(choice => choice.MeanLogprob).ThenBy(choice => choice.Choice).Take(count)];

    private static Completion Of(List<GeneratedToken> tokens)
    {
        var text = tokens.Where(token => token.IsText).ToList();
        var last = tokens[^1];
        return new(
            last.Choice,
            [.. text.Select(token => token.Id)],
            last.Finish,
            last is { IsText: false, Finish: FinishReason.Stop } ? last.Id : -1,
            [.. text.Select(token => token.Logprobs).OfType<TokenLogprobs>()]);
    }
}
