using Minka.Collectives;
using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary><c>y = Σ x wᵀ + b</c>: each rank multiplies the inputs that it has, the products are summed.</summary>
/// <param name="ranks">Ranks that hold the other inputs.</param>
/// <param name="weights"><c>[out, in]</c>; null on a rank that holds no inputs and adds nothing.</param>
/// <param name="bias"><c>[1, out]</c>, the same on every rank and added after the sum; or null.</param>
internal sealed class RowParallelLinear(ICommunicator ranks, Matrix? weights, Tensor? bias) : IDisposable
{
    /// <summary>Bytes that one token reads.</summary>
    public long Bytes => weights?.Bytes ?? 0;

    /// <summary>Writes <paramref name="y"/>, <c>[T, out]</c>, from <paramref name="x"/>, <c>[T, in]</c>.</summary>
    /// <param name="y">All columns of its storage.</param>
    /// <param name="x">This rank's inputs.</param>
    /// <param name="on">Who computes.</param>
    public void Forward(Tensor y, Tensor x, IBackend on)
    {
        if (weights is not null) on.MatMul(y, x, weights);      // [T, out], partial sums
        else on.Host(y).Clear();
        if (ranks.Size > 1) ranks.AllReduce(on.Host(y));        // [T, out]
        if (bias is { } row) on.AddRow(y, row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        weights?.Dispose();
        bias?.Storage.Dispose();
    }
}
