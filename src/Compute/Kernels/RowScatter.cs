using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>
/// Row <c>rows[i]</c> of <c>y</c> grows by row i of <c>x</c> times <c>shares[i]</c>, in the order of i. A row may grow
/// several times, so members share out strips of columns and not rows.
/// </summary>
internal readonly unsafe ref struct RowScatter(
    FloatRows y, FloatRows x, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares) : IRowKernel
{
    /// <summary>Columns of a strip: whole registers, whatever their width.</summary>
    public const int StripColumns = 16;

    private readonly ReadOnlySpan<int> _rows = rows;
    private readonly ReadOnlySpan<float> _shares = shares;

    /// <summary>Strips of a row, the last perhaps narrower.</summary>
    public int Strips => (x.Columns + StripColumns - 1) / StripColumns;

    /// <summary>Computes strips <c>[start, end)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var last = Math.Min(end * StripColumns, x.Columns);
        for (var row = 0; row < _rows.Length; row++)
        {
            float* source = x[row], target = y[_rows[row]];
            var share = L.Broadcast(_shares[row]);
            var i = start * StripColumns;
            for (; i <= last - L.Count; i += L.Count)
                L.Store(target + i, L.MultiplyAdd(L.Load(source + i), share, L.Load(target + i)));
            for (; i < last; i++) target[i] = Lanes1.MultiplyAdd(source[i], _shares[row], target[i]);
        }
    }

    /// <summary>The scalar twin, of all strips.</summary>
    public void RowsPlain()
    {
        for (var row = 0; row < _rows.Length; row++)
            for (var i = 0; i < x.Columns; i++) y[_rows[row]][i] += x[row][i] * _shares[row];
    }
}
