using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>One layer of a decoder.</summary>
internal interface IDecoderBlock : IDisposable
{
    /// <summary>Bytes of weights.</summary>
    long Bytes { get; }

    /// <summary>Bytes of weights that one token reads; of experts the mean.</summary>
    long DecodeBytes { get; }

    /// <summary>Updates the residual stream <paramref name="x"/>, <c>[T, D]</c>, in place.</summary>
    void Forward(Tensor x, in Step step);
}
