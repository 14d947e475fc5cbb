namespace Minka.Compute.Kernels;

/// <summary>Row i of <c>y</c> is row <c>rows[i]</c> of <c>x</c>.</summary>
internal readonly ref struct RowGather(FloatRows y, FloatRows x, ReadOnlySpan<int> rows) : IRowKernel
{
    private readonly ReadOnlySpan<int> _rows = rows;

    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++) x.Span(_rows[row]).CopyTo(y.Span(row));
    }
}
