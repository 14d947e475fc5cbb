using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

internal readonly unsafe ref partial struct PagedAttention<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunFew<V, L>(
        in AttentionScratch scratch, in AttentionItem chunk, int headsPerItem, ref Tickets tickets, ref int part)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int start = chunk.SegmentsStart(options.Window), end = chunk.SegmentsEnd;
        for (var segment = start; segment < end; segment++)
        {
            for (var head = 0; head < pages.Heads; head += headsPerItem)
            {
                if (!tickets.IsNextMine()) continue;
                var item = chunk with { Head = head };
                var heads = Math.Min(headsPerItem, pages.Heads - head);
                if (end - start > 1)
                {
                    var parts = room.Part(part + segment - start, pages.Heads);
                    var before = head * _shape.QueriesOf(item.RowCount);
                    AttendHeads<V, L>(scratch, item, heads, segment, parts.From(before));
                    continue;
                }
                AttendHeads<V, L>(scratch, item, heads, segment, scratch.Totals);
                StoreResults<V, L>(scratch.Totals, item, heads);
            }
        }
        if (end - start > 1) part += end - start;
    }

    // All heads of a tile before the next tile: that is the order in which they lie in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendHeads<V, L>(
        in AttentionScratch scratch, in AttentionItem item, int heads, int segment, AttentionSums sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var count = _shape.QueriesOf(item.RowCount);
        sums.Clear(heads * count);
        if (usesCode && CodeAttention.TryFind(count, pages.HeadDim, out var code))
        {
            AttendHeads<V, L>(code, scratch, item, heads, segment, sums);
            return;
        }
        LoadQueries<V, L>(scratch.Queries, item, heads, UnitOf(item));
        KvTile keys = default, values = default;
        foreach (var first in TilesOf(item, segment))
        {
            FindPages(item, first, ref keys, ref values);
            for (var i = 0; i < heads; i++)
            {
                var scaled = scratch.Queries + i * count * pages.HeadDim;
                AttendTile<V, L>(scratch, scaled, item, first, keys, values, sums.From(i * count));
                keys.Move(pages.HeadBytes);
                values.Move(pages.HeadBytes);
            }
        }
    }

    // Scores of all heads, then all weights, then all values.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendHeads<V, L>(
        CodeAttention code, in AttentionScratch scratch, in AttentionItem item, int heads, int segment,
        AttentionSums sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var count = _shape.QueriesOf(item.RowCount);
        LoadQueries<V, L>(scratch.Queries, item, heads, unit: 1);
        KvTile keys = default, values = default;
        foreach (var first in TilesOf(item, segment))
        {
            FindPages(item, first, ref keys, ref values);
            var (keyCount, pageCount) = CountsOf(item, first);
            var seen = pageCount * KvShape.BlockTokens;
            code.Score(scratch.Queries, heads, keys, pageCount, scratch.Scores);
            Mask<V, L>(scratch.Scores, heads, item, first, seen);
            AttentionSoftmax.Run<V, L>(scratch.Scores, seen, 1, heads * count, sums.States, scratch.Rescales);
            code.Weigh(scratch.Scores, heads, values, keyCount, sums.Values, scratch.Rescales);
        }
    }

    /// <summary>Merges the segments of each sequence that has several, in order; heads are taken by ticket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MergeParts<V, L>()
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (int head; (head = team.TakeTicket()) < pages.Heads;)
        {
            var part = 0;
            for (var s = 0; s < _layout.Sequences; s++)
            {
                if (_layout.RowStarts[s] == _layout.RowStarts[s + 1]) continue;
                var item = AttentionShape.ItemOf(_layout, s) with { Head = head };
                var segments = item.SegmentsEnd - item.SegmentsStart(options.Window);
                if (segments == 1 || !_shape.IsFew(item.RowCount)) continue;

                MergeParts<V, L>(item, part, segments);
                part += segments;
            }
        }
    }

    private void MergeParts<V, L>(in AttentionItem item, int part, int segments)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var count = _shape.QueriesOf(item.RowCount);
        var query = item.Head * count;
        var total = room.Part(part, pages.Heads).From(query);
        for (var i = 1; i < segments; i++)
            total.Merge<V, L>(room.Part(part + i, pages.Heads).From(query), count);
        StoreResults<V, L>(total, item, heads: 1);
    }
}
