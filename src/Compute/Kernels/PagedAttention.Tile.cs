using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

internal readonly unsafe ref partial struct PagedAttention<TFormat>
{
    private const float Any = float.PositiveInfinity, None = float.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendTile<V, L>(
        in AttentionScratch scratch, float* scaled, in AttentionItem item, int firstKey,
        in KvTile keys, in KvTile values, in AttentionSums sums)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendTile<TPage, TAhead, V, L>(
        in AttentionScratch scratch, float* scaled, in AttentionItem item, int firstKey,
        in KvTile keys, in KvTile values, in AttentionSums sums)
        where TPage : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int count = _shape.QueriesOf(item.RowCount), width = pages.HeadDim;
        var (keyCount, pageCount) = CountsOf(item, firstKey);
        var seen = pageCount * KvShape.BlockTokens;
        AttentionScores.Run<TPage, TAhead, V, L>(scaled, count, keys, pageCount, width, scratch.Scores);
        Mask<V, L>(scratch.Scores, heads: 1, item, firstKey, seen);
        AttentionSoftmax.Run<V, L>(scratch.Scores, seen, TPage.Unit, count, sums.States, scratch.Rescales);
        AttentionValues.Run<TPage, TAhead, V, L>(
            scratch.Scores, count, values, keyCount, width, sums.Values, scratch.Rescales);
    }

    /// <summary>Keys of a tile that exist, and the pages that hold them.</summary>
    private static (int Keys, int Pages) CountsOf(in AttentionItem item, int firstKey)
    {
        var keys = Math.Min(KvTile.Keys, item.KeysEnd - firstKey);
        return (keys, (keys + KvShape.BlockTokens - 1) / KvShape.BlockTokens);
    }

    /// <summary>What queries take in of the keys' unit.</summary>
    private float UnitOf(in AttentionItem item) => IsDirect(item) ? TFormat.Unit : 1;

    private bool IsDirect(in AttentionItem item) => TFormat.IsFloat || _shape.IsDirect(item.RowCount);

    /// <summary>First keys of a segment's tiles, as far as the item's rows look.</summary>
    private TileRange TilesOf(in AttentionItem item, int segment)
    {
        var start = Math.Max(segment * AttentionShape.SegmentKeys, item.KeysStart(options.Window));
        var end = Math.Min((segment + 1) * AttentionShape.SegmentKeys, item.KeysEnd);
        return new(start / KvTile.Keys * KvTile.Keys, end);
    }

    // Places of a tile that hold no keys name its last page, so that kernels of pairs of pages may touch them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mask<V, L>(float* scores, int heads, in AttentionItem item, int firstKey, int seen)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var isBefore = firstKey + seen <= item.FirstPosition + 1;
        if (isBefore && (options.Window == 0 || firstKey + options.Window >= item.KeysEnd)) return;

        var (group, count) = (_shape.Group, _shape.QueriesOf(item.RowCount));
        if (item.RowCount == 1 && options.Window == 0)
        {
            MaskEnds<V, L>(scores + seen - KvShape.BlockTokens, heads * count, item.KeysEnd - firstKey);
            return;
        }
        for (var head = 0; head < heads; head++, scores += (count - item.RowCount * group) * KvTile.Keys)
        {
            for (var row = 0; row < item.RowCount; row++, scores += group * KvTile.Keys)
            {
                var position = item.FirstPosition + row;
                var end = Math.Clamp(position + 1 - firstKey, 0, seen);
                var start = options.Window == 0 ? 0 : Math.Clamp(position + 1 - options.Window - firstKey, 0, end);
                for (var query = 0; query < group; query++)
                {
                    new Span<float>(scores + query * KvTile.Keys, start).Fill(float.NegativeInfinity);
                    new Span<float>(scores + query * KvTile.Keys + end, seen - end).Fill(float.NegativeInfinity);
                }
            }
        }
    }

    // A last page of which so many keys of the tile are seen, for some queries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MaskEnds<V, L>(float* page, int count, int keys)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var hidden = KvShape.BlockTokens - 1 - ((keys - 1) % KvShape.BlockTokens);
        fixed (float* bounds = PageBounds)
            for (var i = 0; i < KvShape.BlockTokens; i += L.Count)
            {
                var most = L.Load(bounds + hidden + i);
                for (var query = 0; query < count; query++)
                {
                    var scores = page + query * KvTile.Keys + i;
                    L.Store(scores, L.Min(L.Load(scores), most));
                }
            }
    }

    // What scores of a page are at most: first of those that are seen, then of the others.
    private static ReadOnlySpan<float> PageBounds =>
    [
        Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any,
        None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
    ];

    // Where a chunk of one row needs no queries that only fill up, those of all its heads lie side by side.
    private (int Group, int Sets) Together(in AttentionItem item, int heads) =>
        _shape.QueriesOf(item.RowCount) == _shape.Group ? (heads * _shape.Group, 1) : (_shape.Group, heads);

    // Scores come out as powers of two. The bound, far beyond any score that a softmax tells from the largest, keeps
    // queries finite when they take the keys' unit in.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadQueries<V, L>(float* scaled, in AttentionItem item, int heads, float unit)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var (group, sets) = Together(item, heads);
        int width = pages.HeadDim, floats = group * width, first = item.Head * _shape.Group * width;
        var fill = _shape.QueriesOf(item.RowCount) - item.RowCount * _shape.Group;
        var scale = L.Broadcast(options.Scale * Exponential.Log2E);
        V most = L.Broadcast(16384), least = L.Broadcast(-16384);
        var units = L.Broadcast(unit);
        for (var set = 0; set < sets; set++, first += floats)
        {
            for (var row = 0; row < item.RowCount; row++, scaled += floats)
            {
                var source = queries[item.FirstRow + row] + first;
                for (var i = 0; i < floats; i += L.Count)
                {
                    var bounded = L.Max(L.Min(L.Multiply(L.Load(source + i), scale), most), least);
                    L.Store(scaled + i, L.Multiply(bounded, units));
                }
            }
            if (fill == 0) continue;
            new Span<float>(scaled, fill * width).Clear();
            scaled += fill * width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreResults<V, L>(in AttentionSums sums, in AttentionItem item, int heads)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var (group, sets) = Together(item, heads);
        int width = pages.HeadDim, stride = AttentionSums.StrideOf(width), first = item.Head * _shape.Group * width;
        var fill = _shape.QueriesOf(item.RowCount) - item.RowCount * _shape.Group;
        var state = sums.States;
        var source = sums.Values;
        for (var set = 0; set < sets; set++, first += group * width, state += fill, source += fill * stride)
        {
            for (var row = 0; row < item.RowCount; row++)
            {
                var target = y[item.FirstRow + row] + first;
                for (var query = 0; query < group; query++, target += width, source += stride, state++)
                {
                    var inverse = 1 / state->Sum;
                    var scale = L.Broadcast(inverse);
                    var c = 0;
                    for (; c <= width - L.Count; c += L.Count)
                        L.Store(target + c, L.Multiply(L.Load(source + c), scale));
                    for (; c < width; c++) target[c] = source[c] * inverse;
                }
            }
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
