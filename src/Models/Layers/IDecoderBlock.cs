using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>One layer of a decoder.</summary>
internal interface IDecoderBlock : IDisposable
{
    /// <summary>Bytes of weights that one token reads.</summary>
    long Bytes { get; }

    /// <summary>Updates the residual stream <paramref name="x"/>, <c>[T, D]</c>, in place.</summary>
    void Forward(Tensor x, in Step step);
}
