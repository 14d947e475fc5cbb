using System.Numerics.Tensors;
using Minka.Models;

namespace Minka.Cli.Measuring;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Tokens">Tokens of the text.</param>
/// <param name="Predicted">Tokens that had one before them in their window.</param>
/// <param name="NegativeLogLikelihood">Sum over the predicted tokens, natural logarithm.</param>
internal readonly record struct PerplexityScore(int Tokens, int Predicted, double NegativeLogLikelihood)
{
    /// <summary>Mean negative log-likelihood of a predicted token.</summary>
    public double Mean => NegativeLogLikelihood / Predicted;

    /// <summary><c>exp(Mean)</c>: the number of equally likely tokens that would be as hard to guess from.</summary>
    public double Perplexity => Math.Exp(Mean);
}

/// <summary>Runs a text through a model in windows that know nothing of each other.</summary>
internal static class Perplexity
{
    /// <summary>Scores <paramref name="tokens"/>; the first token of each window is not predicted.</summary>
    /// <param name="model">At least <paramref name="window"/> positions.</param>
    /// <param name="tokens">Token ids of the text.</param>
    /// <param name="window">Tokens of a window; the last one may be shorter.</param>
    /// <param name="progress">Told the score so far after each window.</param>
    /// <param name="cancellation">Checked before each step.</param>
    public static PerplexityScore Score(
        ICausalModel model, ReadOnlySpan<int> tokens, int window, Action<PerplexityScore> progress,
        CancellationToken cancellation)
    {
        var sequence = new SoloSequence(model);
        var score = new PerplexityScore();
        for (var start = 0; start < tokens.Length; start += window)
        {
            var part = tokens.Slice(start, Math.Min(window, tokens.Length - start));
            sequence.Reset();
            score = ScoreWindow(model, sequence, part, score, cancellation);
            progress(score);
        }
        return score;
    }

    private static PerplexityScore ScoreWindow(
        ICausalModel model, SoloSequence sequence, ReadOnlySpan<int> part, PerplexityScore score,
        CancellationToken cancellation)
    {
        var step = Math.Min(model.Limits.Tokens, model.Limits.LogitRows);
        var sum = score.NegativeLogLikelihood;
        for (var done = 0; done < part.Length; done += step)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(step, part.Length - done);
            var logits = sequence.Step(part.Slice(done, count), logits: count);
            var vocabulary = model.Config.VocabularySize;
            for (var row = 0; row < count && done + row + 1 < part.Length; row++)
                sum += Surprise(logits.Slice(row * vocabulary, vocabulary), part[done + row + 1]);
        }
        return new(score.Tokens + part.Length, score.Predicted + part.Length - 1, sum);
    }

    /// <summary><c>-log softmax(logits)[token]</c>, summed in double.</summary>
    private static double Surprise(ReadOnlySpan<float> logits, int token)
    {
        var max = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - max);
        return max + Math.Log(sum) - logits[token];
    }
}
