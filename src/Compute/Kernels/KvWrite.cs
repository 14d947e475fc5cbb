namespace Minka.Compute.Kernels;

/// <summary>Stores keys and values, each <c>[T, K * C]</c>, in their slots.</summary>
internal readonly unsafe ref struct KvWrite<TFormat>(
    KvPages pages, FloatRows keys, FloatRows values, ReadOnlySpan<int> slots) : IRowKernel
    where TFormat : IKvFormat
{
    private readonly ReadOnlySpan<int> _slots = slots;

    /// <summary>A page: the keys of a channel lie side by side.</summary>
    public static int RowsTogether => KvShape.BlockTokens;

    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
        {
            var (block, position) = Math.DivRem(_slots[row], KvShape.BlockTokens);
            TFormat.WriteKeys(pages, block, position, keys.Span(row));
            TFormat.WriteValues(pages, block, position, values.Span(row));
        }
    }
}
