using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Row <c>rows[i]</c> of <c>y</c> grows by row i of <c>x</c> times <c>shares[i]</c>; no row twice.</summary>
internal readonly unsafe ref struct RowScatter(
    FloatRows y, FloatRows x, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares) : IRowKernel
{
    private readonly ReadOnlySpan<int> _rows = rows;
    private readonly ReadOnlySpan<float> _shares = shares;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
        {
            float* source = x[row], target = y[_rows[row]];
            var share = L.Broadcast(_shares[row]);
            var i = 0;
            for (; i <= x.Columns - L.Count; i += L.Count)
                L.Store(target + i, L.MultiplyAdd(L.Load(source + i), share, L.Load(target + i)));
            for (; i < x.Columns; i++) target[i] = Lanes1.MultiplyAdd(source[i], _shares[row], target[i]);
        }
    }

    /// <summary>The scalar twin.</summary>
    public void RowsPlain(int start, int end)
    {
        for (var row = start; row < end; row++)
            for (var i = 0; i < x.Columns; i++) y[_rows[row]][i] += x[row][i] * _shares[row];
    }
}
