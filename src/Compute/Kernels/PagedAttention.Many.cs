using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

internal readonly unsafe ref partial struct PagedAttention<TFormat>
{
    // The last rows see the most keys: they go first, so that no member is left with a long item at the end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunMany<V, L>(in AttentionScratch scratch, in AttentionItem chunk, ref Tickets tickets)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rowsPerTile = _shape.RowsPerTile;
        var tiles = (chunk.RowCount + rowsPerTile - 1) / rowsPerTile;
        for (var tile = tiles - 1; tile >= 0; tile--)
        {
            for (var head = 0; head < pages.Heads; head++)
            {
                if (!tickets.IsNextMine()) continue;
                var first = tile * rowsPerTile;
                AttendRows<V, L>(scratch, chunk with
                {
                    FirstRow = chunk.FirstRow + first,
                    RowCount = Math.Min(rowsPerTile, chunk.RowCount - first),
                    Head = head,
                    FirstPosition = chunk.FirstPosition + first,
                });
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendRows<V, L>(in AttentionScratch scratch, in AttentionItem item)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var count = _shape.QueriesOf(item.RowCount);
        LoadQueries<V, L>(scratch.Queries, item, heads: 1, UnitOf(item));
        scratch.Totals.Clear(count);
        KvTile keys = default, values = default;
        var start = item.SegmentsStart(options.Window);
        for (var segment = start; segment < item.SegmentsEnd; segment++)
        {
            var sums = segment == start ? scratch.Totals : scratch.Segment;
            if (segment > start) sums.Clear(count);
            foreach (var first in TilesOf(item, segment))
            {
                FindPages(item, first, ref keys, ref values);
                AttendTile<V, L>(scratch, scratch.Queries, item, first, keys, values, sums);
            }
            if (segment > start) scratch.Totals.Merge<V, L>(sums, count);
        }
        StoreResults<V, L>(scratch.Totals, item, heads: 1);
    }
}
