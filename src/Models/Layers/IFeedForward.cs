using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>The branch of a layer that sees each token alone.</summary>
internal interface IFeedForward : IDisposable
{
    /// <summary>Bytes of weights.</summary>
    long Bytes { get; }

    /// <summary>Bytes of weights that one token reads; of experts the mean.</summary>
    long DecodeBytes { get; }

    /// <summary>Writes <paramref name="y"/>, <c>[T, D]</c>, from <paramref name="x"/>, <c>[T, D]</c>.</summary>
    void Forward(Tensor y, Tensor x, in Step step);
}
