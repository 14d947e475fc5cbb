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
        var width = pages.HeadDim;
        for (var row = start; row < end; row++)
        {
            var (block, position) = Math.DivRem(_slots[row], KvShape.BlockTokens);
            for (var head = 0; head < pages.Heads; head++)
            {
                TFormat.WriteKey(pages.Keys(block, head), position, keys.Span(row).Slice(head * width, width));
                TFormat.WriteValue(pages.Values(block, head), position, values.Span(row).Slice(head * width, width));
            }
        }
    }
}
