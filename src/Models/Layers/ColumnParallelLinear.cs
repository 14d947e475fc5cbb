using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>
/// <c>y = x wᵀ + b</c> with this rank's outputs. Several linear layers that read the same input are one, rows one
/// below the other. Nothing is summed: the layer that reads the outputs has the columns that fit.
/// </summary>
/// <param name="weights"><c>[out, in]</c>.</param>
/// <param name="bias"><c>[1, out]</c>, or null.</param>
internal sealed class ColumnParallelLinear(Matrix weights, Tensor? bias) : IDisposable
{
    /// <summary>Bytes that one token reads.</summary>
    public long Bytes => weights.Bytes;

    /// <summary>Writes <paramref name="y"/>, <c>[T, out]</c>, from <paramref name="x"/>, <c>[T, in]</c>.</summary>
    public void Forward(Tensor y, Tensor x, IBackend on)
    {
        on.MatMul(y, x, weights);
        if (bias is { } row) on.AddRow(y, row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        weights.Dispose();
        bias?.Storage.Dispose();
    }
}
