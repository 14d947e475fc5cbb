using System.Numerics.Tensors;

namespace Minka.Compute.Kernels;

/// <summary><c>y += x</c>, row by row.</summary>
/// <param name="y">Sum.</param>
/// <param name="x">Summand: as many rows, or one row that is added to all.</param>
/// <param name="isOneRow">Whether <paramref name="x"/> is one row for all.</param>
internal readonly struct Adding(FloatRows y, FloatRows x, bool isOneRow) : IRowKernel
{
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
            TensorPrimitives.Add(y.Span(row), x.Span(isOneRow ? 0 : row), y.Span(row));
    }

    /// <summary>The scalar twin.</summary>
    public unsafe void RowsPlain(int start, int end)
    {
        for (var row = start; row < end; row++)
            for (var i = 0; i < y.Columns; i++) y[row][i] += x[isOneRow ? 0 : row][i];
    }
}
