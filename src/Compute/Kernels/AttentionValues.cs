using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Weighted sums of the values of a tile.</summary>
/// <remarks>
/// Every sum has its own accumulator and adds its keys in ascending order. The number of queries M is even; C is the
/// width of a head.
/// </remarks>
internal static unsafe class AttentionValues
{
    private const int PageKeys = KvShape.BlockTokens;

    /// <summary>Shrinks the older sums and adds <c>weights[m, key] * value[key]</c>.</summary>
    /// <param name="weights"><c>[M, 64]</c>.</param>
    /// <param name="count">M.</param>
    /// <param name="values">Pages of values.</param>
    /// <param name="keyCount">Keys of the tile that exist.</param>
    /// <param name="headDim">C.</param>
    /// <param name="sums"><c>[M, stride]</c>, C rounded up to whole pairs of registers.</param>
    /// <param name="rescales">Multiplies the older sums, <c>[M]</c>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TFormat, TAhead, V, L>(
        float* weights, int count, in KvTile values, int keyCount, int headDim, float* sums, float* rescales)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var stride = AttentionSums.StrideOf(headDim);
        var scales = stackalloc float[PageKeys];
        for (var c = 0; c < headDim; c += 2 * L.Count)
        {
            var panel = new Panel(in values, keyCount, c, headDim, stride, scales);
            var m = 0;
            for (; m + 4 <= count; m += 4)
                Four<TFormat, TAhead, V, L>(weights + m * KvTile.Keys, panel, sums + m * stride + c, rescales + m);
            if (m < count)
                Two<TFormat, TAhead, V, L>(weights + m * KvTile.Keys, panel, sums + m * stride + c, rescales + m);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four<TFormat, TAhead, V, L>(float* weights, in Panel panel, float* sums, float* rescales)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var stride = panel.Stride;
        Load<TFormat, V, L>(sums, rescales[0], out var a0, out var b0);
        Load<TFormat, V, L>(sums + stride, rescales[1], out var a1, out var b1);
        Load<TFormat, V, L>(sums + 2 * stride, rescales[2], out var a2, out var b2);
        Load<TFormat, V, L>(sums + 3 * stride, rescales[3], out var a3, out var b3);
        for (var first = 0; first < panel.KeyCount; first += PageKeys)
        {
            var page = new Page<TFormat, TAhead, V, L>(panel, first / PageKeys);
            var end = Math.Min(PageKeys, panel.KeyCount - first);
            for (var i = 0; i < end; i++, weights++)
            {
                page.Next(out var a, out var b);
                var p = L.Broadcast(weights[0]);
                a0 = L.MultiplyAdd(p, a, a0);
                b0 = L.MultiplyAdd(p, b, b0);
                p = L.Broadcast(weights[KvTile.Keys]);
                a1 = L.MultiplyAdd(p, a, a1);
                b1 = L.MultiplyAdd(p, b, b1);
                p = L.Broadcast(weights[2 * KvTile.Keys]);
                a2 = L.MultiplyAdd(p, a, a2);
                b2 = L.MultiplyAdd(p, b, b2);
                p = L.Broadcast(weights[3 * KvTile.Keys]);
                a3 = L.MultiplyAdd(p, a, a3);
                b3 = L.MultiplyAdd(p, b, b3);
            }
        }
        Store<TFormat, V, L>(sums, a0, b0);
        Store<TFormat, V, L>(sums + stride, a1, b1);
        Store<TFormat, V, L>(sums + 2 * stride, a2, b2);
        Store<TFormat, V, L>(sums + 3 * stride, a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two<TFormat, TAhead, V, L>(float* weights, in Panel panel, float* sums, float* rescales)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var stride = panel.Stride;
        Load<TFormat, V, L>(sums, rescales[0], out var a0, out var b0);
        Load<TFormat, V, L>(sums + stride, rescales[1], out var a1, out var b1);
        for (var first = 0; first < panel.KeyCount; first += PageKeys)
        {
            var page = new Page<TFormat, TAhead, V, L>(panel, first / PageKeys);
            var end = Math.Min(PageKeys, panel.KeyCount - first);
            for (var i = 0; i < end; i++, weights++)
            {
                page.Next(out var a, out var b);
                var p = L.Broadcast(weights[0]);
                a0 = L.MultiplyAdd(p, a, a0);
                b0 = L.MultiplyAdd(p, b, b0);
                p = L.Broadcast(weights[KvTile.Keys]);
                a1 = L.MultiplyAdd(p, a, a1);
                b1 = L.MultiplyAdd(p, b, b1);
            }
        }
        Store<TFormat, V, L>(sums, a0, b0);
        Store<TFormat, V, L>(sums + stride, a1, b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TFormat, V, L>(float* sums, float scale, out V left, out V right)
        where TFormat : IKvFormat
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var scales = L.Broadcast(scale);
        left = L.Multiply(L.Load(sums), scales);
        right = L.Multiply(L.Load(sums + L.Count), scales);
        TFormat.Part<V, L>(ref left, ref right);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TFormat, V, L>(float* target, V left, V right)
        where TFormat : IKvFormat
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        TFormat.Join<V, L>(ref left, ref right);
        L.Store(target, left);
        L.Store(target + L.Count, right);
    }

    /// <summary>Two registers' worth of channels of a tile.</summary>
    private readonly ref struct Panel(
        ref readonly KvTile tile, int keyCount, int channel, int headDim, int stride, float* scales)
    {
        private readonly ref readonly KvTile _tile = ref tile;

        public ref readonly KvTile Tile => ref _tile;

        public int KeyCount => keyCount;

        public int Channel => channel;

        public int HeadDim => headDim;

        public int Stride => stride;

        public float* Scales => scales;
    }

    /// <summary>Walks the positions of a page.</summary>
    private ref struct Page<TFormat, TAhead, V, L>
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        private readonly nint _step;
        private float* _scale;
        private byte* _row, _next;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Page(in Panel panel, int page)
        {
            TFormat.LoadValueScales<V, L>(panel.Tile[page], panel.Channel, panel.Scales);
            _scale = panel.Scales;
            _row = TFormat.ValueAddress(panel.Tile[page], 0, panel.Channel, panel.HeadDim);
            _next = TFormat.ValueAddress(panel.Tile.Next(page), 0, panel.Channel, panel.HeadDim);
            _step = (nint)TFormat.ValueAddress(null, 1, 0, panel.HeadDim)
                - (nint)TFormat.ValueAddress(null, 0, 0, panel.HeadDim);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(out V left, out V right)
        {
            TFormat.LoadValues<V, L>(_row, _scale, out left, out right);
            TAhead.Fetch(_next);
            _row += _step;
            _next += _step;
            _scale++;
        }
    }
}
