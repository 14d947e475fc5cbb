using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary><c>y += x</c>, row by row.</summary>
/// <param name="y">Sum.</param>
/// <param name="x">Summand: as many rows, or one row that is added to all.</param>
/// <param name="isOneRow">Whether <paramref name="x"/> is one row for all.</param>
internal readonly unsafe struct Adding(FloatRows y, FloatRows x, bool isOneRow) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
        {
            float* target = y[row], source = x[isOneRow ? 0 : row];
            var i = 0;
            for (; i <= y.Columns - L.Count; i += L.Count)
                L.Store(target + i, L.Add(L.Load(target + i), L.Load(source + i)));
            for (; i < y.Columns; i++) target[i] += source[i];
        }
    }

    /// <summary>The scalar twin.</summary>
    public void RowsPlain(int start, int end)
    {
        for (var row = start; row < end; row++)
            for (var i = 0; i < y.Columns; i++) y[row][i] += x[isOneRow ? 0 : row][i];
    }
}
