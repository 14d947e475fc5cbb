using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Kernels;

/// <summary>
/// Causal attention over paged keys and values, with an online softmax (Milakov and Gimelshein 2018; Dao et al. 2022).
/// </summary>
/// <remarks>
/// Keys are taken in tiles of 64 and segments of 512 whose boundaries count from position 0, always in ascending order:
/// a row's result depends on its own sequence only, not on chunks, neighbours or threads.
/// </remarks>
internal readonly unsafe ref struct PagedAttention<TFormat>(
    FloatRows y, FloatRows queries, KvPages pages, AttentionOptions options, PagedLayout layout,
    ThreadTeam team, AttentionScratch* scratches) : ITeamJob
    where TFormat : IKvFormat
{
    /// <summary>Keys of a segment: what one work item of a long sequence covers.</summary>
    public const int SegmentKeys = 512;

    private readonly PagedLayout _layout = layout;

    private int Group => options.QueryHeads / pages.Heads;

    /// <summary>Queries of a tile: enough that widening its keys and values costs little per query.</summary>
    public static int RowsPerTile(int group) => Math.Max(1, 64 / group);

    public void Run(int member, int size)
    {
        switch (InstructionTiers.Current)
        {
            case InstructionTier.Avx512: Run<Vector512<float>, Lanes512>(member); break;
            case InstructionTier.Avx2: Run<Vector256<float>, Lanes256>(member); break;
            case InstructionTier.Vector128: Run<Vector128<float>, Lanes128>(member); break;
            default: Run<float, Lanes1>(member); break;
        }
    }

    /// <summary>Takes items by ticket until none is left; the longest rows of a sequence go first.</summary>
    public void Run<V, L>(int member)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rowsPerTile = RowsPerTile(Group);
        int item = 0, ticket = team.TakeTicket();
        for (var s = 0; s < _layout.Sequences; s++)
        {
            int start = _layout.RowStarts[s], end = _layout.RowStarts[s + 1];
            var tiles = (end - start + rowsPerTile - 1) / rowsPerTile;
            for (var tile = tiles - 1; tile >= 0; tile--)
            {
                for (var head = 0; head < pages.Heads; head++, item++)
                {
                    if (item != ticket) continue;
                    var first = start + tile * rowsPerTile;
                    Attend<V, L>(scratches[member], new(first, Math.Min(rowsPerTile, end - first), head,
                        _layout.Positions[first], _layout.BlockStarts[s]));
                    ticket = team.TakeTicket();
                }
            }
        }
    }

    private void Attend<V, L>(in AttentionScratch scratch, in AttentionItem item)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        LoadQueries(scratch, item);
        var count = QueryCount(item);
        var first = item.KeysStart(options.Window) / SegmentKeys;
        AttendSegment<V, L>(scratch, item, first, scratch.Totals);
        for (var segment = first + 1; segment * SegmentKeys < item.KeysEnd; segment++)
        {
            AttendSegment<V, L>(scratch, item, segment, scratch.Segment);
            scratch.Totals.Merge<V, L>(scratch.Segment, count);
        }
        StoreResults(scratch, item);
    }

    private void AttendSegment<V, L>(
        in AttentionScratch scratch, in AttentionItem item, int segment, AttentionSums sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        sums.Clear(QueryCount(item));
        var start = Math.Max(segment * SegmentKeys, item.KeysStart(options.Window)) / AttentionTile.Keys;
        var end = Math.Min((segment + 1) * SegmentKeys, item.KeysEnd);
        for (var tile = start * AttentionTile.Keys; tile < end; tile += AttentionTile.Keys)
            AttendTile<V, L>(scratch, item, tile, Math.Min(AttentionTile.Keys, item.KeysEnd - tile), sums);
    }

    private void AttendTile<V, L>(
        in AttentionScratch scratch, in AttentionItem item, int firstKey, int keyCount, AttentionSums sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int count = QueryCount(item), width = pages.HeadDim, stride = AttentionSums.StrideOf(width);
        var pageCount = (keyCount + KvShape.BlockTokens - 1) / KvShape.BlockTokens;
        for (var i = 0; i < pageCount; i++)
        {
            var block = _layout.Blocks[item.FirstBlock + firstKey / KvShape.BlockTokens + i];
            var slot = i * KvShape.BlockTokens;
            TFormat.ReadKeys<V, L>(pages.Keys(block, item.Head), scratch.Keys + slot * width, width);
            TFormat.ReadValues<V, L>(pages.Values(block, item.Head), scratch.Values + slot * stride, width, stride,
                Math.Min(KvShape.BlockTokens, keyCount - slot));
        }

        AttentionTile.Scores<V, L>(scratch.Queries, count, scratch.Keys, width, pageCount, scratch.Scores);
        Mask(scratch.Scores, item, firstKey, count);
        AttentionTile.Softmax<V, L>(scratch.Scores, count, sums.States, scratch.Rescales);
        AttentionTile.Accumulate<V, L>(
            scratch.Scores, count, scratch.Values, stride, keyCount, sums.Values, scratch.Rescales);
    }

    // Row r sees keys [position - window, position]; queries that only fill up the last four see nothing.
    private void Mask(float* scores, in AttentionItem item, int firstKey, int count)
    {
        var group = Group;
        for (var m = 0; m < count; m++, scores += AttentionTile.Keys)
        {
            var row = m / group;
            var position = item.FirstPosition + row;
            var end = row < item.RowCount ? Math.Clamp(position + 1 - firstKey, 0, AttentionTile.Keys) : 0;
            var start = options.Window == 0 ? 0 : Math.Clamp(position + 1 - options.Window - firstKey, 0, end);
            new Span<float>(scores, start).Fill(float.NegativeInfinity);
            new Span<float>(scores + end, AttentionTile.Keys - end).Fill(float.NegativeInfinity);
        }
    }

    private int QueryCount(in AttentionItem item) =>
        (item.RowCount * Group + AttentionTile.QueryStep - 1) / AttentionTile.QueryStep * AttentionTile.QueryStep;

    private void LoadQueries(in AttentionScratch scratch, in AttentionItem item)
    {
        int width = pages.HeadDim, floats = Group * width;
        var scale = options.Scale * Exponential.Log2E;
        for (var row = 0; row < item.RowCount; row++)
        {
            var source = queries[item.FirstRow + row] + item.Head * floats;
            var target = scratch.Queries + row * floats;
            for (var i = 0; i < floats; i++) target[i] = source[i] * scale;
        }
        var used = item.RowCount * Group;
        new Span<float>(scratch.Queries + used * width, (QueryCount(item) - used) * width).Clear();
    }

    private void StoreResults(in AttentionScratch scratch, in AttentionItem item)
    {
        int width = pages.HeadDim, stride = AttentionSums.StrideOf(width), group = Group;
        for (var m = 0; m < item.RowCount * group; m++)
        {
            var inverse = 1 / scratch.Totals.States[m].Sum;
            var source = scratch.Totals.Values + m * stride;
            var target = y[item.FirstRow + m / group] + (item.Head * group + m % group) * width;
            for (var c = 0; c < width; c++) target[c] = source[c] * inverse;
        }
    }
}
