using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>The block of Llama and its kin: norm, attend, add; norm, feed forward, add.</summary>
internal sealed class PreNormBlock(float epsilon) : IDecoderBlock
{
    /// <summary><c>[1, D]</c>.</summary>
    public required Tensor AttentionNorm { get; init; }

    /// <summary>Attention branch.</summary>
    public required SelfAttention Attention { get; init; }

    /// <summary><c>[1, D]</c>.</summary>
    public required Tensor FeedForwardNorm { get; init; }

    /// <summary>Feed-forward branch.</summary>
    public required IFeedForward FeedForward { get; init; }

    /// <inheritdoc/>
    public long Bytes => Attention.Bytes + FeedForward.Bytes;

    /// <inheritdoc/>
    public long DecodeBytes => Attention.Bytes + FeedForward.DecodeBytes;

    /// <inheritdoc/>
    public void Forward(Tensor x, in Step step)
    {
        var on = step.On;
        var normed = step.Scratch.Normed.Take(step.Tokens);
        var delta = step.Scratch.Delta.Take(step.Tokens);

        on.RmsNorm(normed, x, AttentionNorm, epsilon);          // [T, D]
        Attention.Forward(delta, normed, step);
        on.Add(x, delta);

        on.RmsNorm(normed, x, FeedForwardNorm, epsilon);        // [T, D]
        FeedForward.Forward(delta, normed, step);
        on.Add(x, delta);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AttentionNorm.Storage.Dispose();
        Attention.Dispose();
        FeedForwardNorm.Storage.Dispose();
        FeedForward.Dispose();
    }
}
