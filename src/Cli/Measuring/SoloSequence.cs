using Minka.Models;

namespace Minka.Cli.Measuring;

/// <summary>One sequence run by hand, without scheduler or sampler: what bench and perplexity measure.</summary>
internal sealed class SoloSequence
{
    private readonly ICausalModel _model;
    private readonly ForwardInput _input;
    private readonly int[] _blocks;
    private readonly float[] _logits;

    public SoloSequence(ICausalModel model)
    {
        _model = model;
        _input = new ForwardInput(model.Limits);
        _blocks = [.. Enumerable.Range(0, model.KvBlocks)];
        _logits = new float[checked(model.Limits.LogitRows * model.Config.VocabularySize)];
    }

    /// <summary>Tokens computed so far.</summary>
    public int Length { get; private set; }

    /// <summary>Forgets everything; the next token is at position 0.</summary>
    public void Reset() => Length = 0;

    /// <summary>Forgets what was computed from a position on.</summary>
    public void Rewind(int length) => Length = Math.Min(Length, length);

    /// <summary>Computes the next tokens, at most one step of them.</summary>
    /// <param name="tokens">Token ids.</param>
    /// <param name="logits">How many of the last tokens want logits.</param>
    /// <returns><c>[logits, vocabulary]</c>, good until the next call.</returns>
    public ReadOnlySpan<float> Step(ReadOnlySpan<int> tokens, int logits)
    {
        _input.Clear();
        _input.AddSequence(tokens, Length, promptLength: Length + tokens.Length, _blocks, logits);
        var result = _logits.AsSpan(0, logits * _model.Config.VocabularySize);
        _model.Forward(_input, result);
        Length += tokens.Length;
        return result;
    }

    /// <summary>Computes the next tokens in as many steps as they need; the last one's logits are computed.</summary>
    public void Run(ReadOnlySpan<int> tokens, CancellationToken cancellation)
    {
        for (var done = 0; done < tokens.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(_model.Limits.Tokens, tokens.Length - done);
            Step(tokens.Slice(done, count), logits: done + count == tokens.Length ? 1 : 0);
            done += count;
        }
    }
}
