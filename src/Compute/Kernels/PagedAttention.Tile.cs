using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

internal readonly unsafe ref partial struct PagedAttention<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendTile<V, L>(
        in AttentionScratch scratch, float* scaled, in AttentionItem item, int firstKey,
        in KvTile keys, in KvTile values, AttentionSums sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        if (IsDirect(item))
        {
            AttendTile<TFormat, FetchAhead, V, L>(scratch, scaled, item, firstKey, keys, values, sums);
            return;
        }
        KvTile wideKeys = keys, wideValues = values;
        Widen<V, L>(scratch, item.KeysEnd - firstKey, ref wideKeys, ref wideValues);
        AttendTile<KvF32, StayHere, V, L>(scratch, scaled, item, firstKey, wideKeys, wideValues, sums);
    }

    private void AttendTile<TPage, TAhead, V, L>(
        in AttentionScratch scratch, float* scaled, in AttentionItem item, int firstKey,
        in KvTile keys, in KvTile values, AttentionSums sums)
        where TPage : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int count = Shape.QueriesOf(item.RowCount), width = pages.HeadDim;
        var keyCount = Math.Min(KvTile.Keys, item.KeysEnd - firstKey);
        var pageCount = (keyCount + KvShape.BlockTokens - 1) / KvShape.BlockTokens;
        AttentionScores.Run<TPage, TAhead, V, L>(scaled, count, keys, pageCount, width, scratch.Scores);
        Mask(scratch.Scores, item, firstKey);
        AttentionSoftmax.Run<V, L>(scratch.Scores, TPage.Unit, count, sums.States, scratch.Rescales);
        AttentionValues.Run<TPage, TAhead, V, L>(
            scratch.Scores, count, values, keyCount, width, sums.Values, scratch.Rescales);
    }

    private bool IsDirect(in AttentionItem item) => TFormat.IsFloat || Shape.IsDirect(item.RowCount);

    /// <summary>First keys of a segment's tiles, as far as the item's rows look.</summary>
    private TileRange TilesOf(in AttentionItem item, int segment)
    {
        var start = Math.Max(segment * AttentionShape.SegmentKeys, item.KeysStart(options.Window));
        var end = Math.Min((segment + 1) * AttentionShape.SegmentKeys, item.KeysEnd);
        return new(start / KvTile.Keys * KvTile.Keys, end);
    }

    // Places of a tile that hold no keys name its last page, so that kernels of pairs of pages may touch them.
    private void FindPages(in AttentionItem item, int firstKey, ref KvTile keys, ref KvTile values)
    {
        var table = _layout.Blocks[item.FirstBlock..];
        int first = firstKey / KvShape.BlockTokens, last = (item.KeysEnd - 1) / KvShape.BlockTokens;
        for (var i = 0; i < KvTile.Pages; i++)
        {
            var here = table[Math.Min(first + i, last)];
            var next = table[Math.Min(first + i + KvTile.Pages, last)];
            keys.Set(i, pages.Keys(here, item.Head), pages.Keys(next, item.Head));
            values.Set(i, pages.Values(here, item.Head), pages.Values(next, item.Head));
        }
    }

    private void Widen<V, L>(in AttentionScratch scratch, int keyCount, ref KvTile keys, ref KvTile values)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var width = pages.HeadDim;
        for (var i = 0; i < KvTile.Pages; i++)
        {
            var count = Math.Min(KvShape.BlockTokens, keyCount - i * KvShape.BlockTokens);
            var floats = i * KvShape.BlockTokens * width;
            if (count > 0)
            {
                KvWiden.Keys<TFormat, V, L>(keys[i], keys.Next(i), width, scratch.Keys + floats);
                KvWiden.Values<TFormat, V, L>(values[i], values.Next(i), count, width, scratch.Values + floats);
            }
            keys.Set(i, (byte*)(scratch.Keys + floats), null);
            values.Set(i, (byte*)(scratch.Values + floats), null);
        }
    }

    // Row r sees keys (position - window, position]. Scores of a query that only fills up are never looked at.
    private void Mask(float* scores, in AttentionItem item, int firstKey)
    {
        var isBefore = firstKey + KvTile.Keys <= item.FirstPosition + 1;
        if (isBefore && (options.Window == 0 || firstKey + options.Window >= item.KeysEnd)) return;

        var group = Shape.Group;
        for (var row = 0; row < item.RowCount; row++)
        {
            var position = item.FirstPosition + row;
            var end = Math.Clamp(position + 1 - firstKey, 0, KvTile.Keys);
            var start = options.Window == 0 ? 0 : Math.Clamp(position + 1 - options.Window - firstKey, 0, end);
            for (var head = 0; head < group; head++, scores += KvTile.Keys)
            {
                new Span<float>(scores, start).Fill(float.NegativeInfinity);
                new Span<float>(scores + end, KvTile.Keys - end).Fill(float.NegativeInfinity);
            }
        }
    }

    // Scores come out as powers of two. The bound, far beyond any score that a softmax tells from the largest, keeps
    // queries finite when they take the keys' unit in.
    private void LoadQueries<V, L>(float* scaled, in AttentionItem item)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int width = pages.HeadDim, floats = Shape.Group * width;
        var scale = L.Broadcast(options.Scale * Exponential.Log2E);
        V most = L.Broadcast(16384), least = L.Broadcast(-16384);
        var unit = L.Broadcast(IsDirect(item) ? TFormat.Unit : 1);
        for (var row = 0; row < item.RowCount; row++)
        {
            var source = queries[item.FirstRow + row] + item.Head * floats;
            var target = scaled + row * floats;
            for (var i = 0; i < floats; i += L.Count)
            {
                var bounded = L.Max(L.Min(L.Multiply(L.Load(source + i), scale), most), least);
                L.Store(target + i, L.Multiply(bounded, unit));
            }
        }
        var used = item.RowCount * Shape.Group;
        new Span<float>(scaled + used * width, (Shape.QueriesOf(item.RowCount) - used) * width).Clear();
    }

    private void StoreResults<V, L>(in AttentionSums sums, in AttentionItem item)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int width = pages.HeadDim, stride = AttentionSums.StrideOf(width), group = Shape.Group;
        for (var m = 0; m < item.RowCount * group; m++)
        {
            var inverse = 1 / sums.States[m].Sum;
            var source = sums.Values + m * stride;
            var target = y[item.FirstRow + m / group] + (item.Head * group + m % group) * width;
            var scale = L.Broadcast(inverse);
            var c = 0;
            for (; c <= width - L.Count; c += L.Count) L.Store(target + c, L.Multiply(L.Load(source + c), scale));
            for (; c < width; c++) target[c] = source[c] * inverse;
        }
    }

    /// <summary>Positions 64 apart.</summary>
    private struct TileRange(int start, int end)
    {
        public int Current { get; private set; } = start - KvTile.Keys;

        public bool MoveNext() => (Current += KvTile.Keys) < end;

        public readonly TileRange GetEnumerator() => this;
    }
}
