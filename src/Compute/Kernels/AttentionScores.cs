using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Scores of queries with the keys of a tile.</summary>
/// <remarks>
/// Every score has its own accumulator and adds its channels in ascending order: it does not depend on which queries
/// share the registers. The number of queries M is even; C is the width of a head.
/// </remarks>
internal static unsafe class AttentionScores
{
    private const int PageKeys = KvShape.BlockTokens;
    private const int ScaleChannels = 32;

    /// <summary>Computes <c>scores[m, key] = query[m] · key</c>.</summary>
    /// <param name="queries"><c>[M, C]</c>.</param>
    /// <param name="count">M.</param>
    /// <param name="keys">Pages of keys.</param>
    /// <param name="pages">How many of them hold keys; scores of one page more may be written.</param>
    /// <param name="headDim">C.</param>
    /// <param name="scores"><c>[M, 64]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TFormat, TAhead, V, L>(
        float* queries, int count, in KvTile keys, int pages, int headDim, float* scores)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var key = 0; key < pages * PageKeys; key += 2 * L.Count)
        {
            int left = key / PageKeys, right = (key + L.Count) / PageKeys;
            var pair = new Pair(keys[left], keys.Next(left), key % PageKeys,
                keys[right], keys.Next(right), (key + L.Count) % PageKeys);
            var m = 0;
            for (; m + 4 <= count; m += 4)
                Four<TFormat, TAhead, V, L>(queries + m * headDim, pair, headDim, scores + m * KvTile.Keys + key);
            if (m < count)
                Two<TFormat, TAhead, V, L>(queries + m * headDim, pair, headDim, scores + m * KvTile.Keys + key);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four<TFormat, TAhead, V, L>(float* queries, in Pair keys, int headDim, float* scores)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        float* q0 = queries, q1 = q0 + headDim, q2 = q1 + headDim, q3 = q2 + headDim;
        V a0 = L.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (var first = 0; first < headDim; first += ScaleChannels)
        {
            var side = new Sides<TFormat, TAhead, V, L>(keys, first);
            var end = Math.Min(first + ScaleChannels, headDim);
            for (var c = first; c < end; c++)
            {
                side.Next(out var a, out var b);
                var q = L.Broadcast(q0[c]);
                a0 = L.MultiplyAdd(q, a, a0);
                b0 = L.MultiplyAdd(q, b, b0);
                q = L.Broadcast(q1[c]);
                a1 = L.MultiplyAdd(q, a, a1);
                b1 = L.MultiplyAdd(q, b, b1);
                q = L.Broadcast(q2[c]);
                a2 = L.MultiplyAdd(q, a, a2);
                b2 = L.MultiplyAdd(q, b, b2);
                q = L.Broadcast(q3[c]);
                a3 = L.MultiplyAdd(q, a, a3);
                b3 = L.MultiplyAdd(q, b, b3);
            }
        }
        Store<V, L>(scores, a0, b0);
        Store<V, L>(scores + KvTile.Keys, a1, b1);
        Store<V, L>(scores + 2 * KvTile.Keys, a2, b2);
        Store<V, L>(scores + 3 * KvTile.Keys, a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two<TFormat, TAhead, V, L>(float* queries, in Pair keys, int headDim, float* scores)
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        float* q0 = queries, q1 = q0 + headDim;
        V a0 = L.Broadcast(0), a1 = a0, b0 = a0, b1 = a0;
        for (var first = 0; first < headDim; first += ScaleChannels)
        {
            var side = new Sides<TFormat, TAhead, V, L>(keys, first);
            var end = Math.Min(first + ScaleChannels, headDim);
            for (var c = first; c < end; c++)
            {
                side.Next(out var a, out var b);
                var q = L.Broadcast(q0[c]);
                a0 = L.MultiplyAdd(q, a, a0);
                b0 = L.MultiplyAdd(q, b, b0);
                q = L.Broadcast(q1[c]);
                a1 = L.MultiplyAdd(q, a, a1);
                b1 = L.MultiplyAdd(q, b, b1);
            }
        }
        Store<V, L>(scores, a0, b0);
        Store<V, L>(scores + KvTile.Keys, a1, b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V, L>(float* target, V left, V right)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        L.Store(target, left);
        L.Store(target + L.Count, right);
    }

    /// <summary>Two runs of keys, each a register wide: the page, the page to fetch, and the first position.</summary>
    private readonly struct Pair(byte* left, byte* nextLeft, int at, byte* right, byte* nextRight, int rightAt)
    {
        public byte* Left => left;

        public byte* NextLeft => nextLeft;

        public int LeftAt => at;

        public byte* Right => right;

        public byte* NextRight => nextRight;

        public int RightAt => rightAt;
    }

    /// <summary>Walks the channels of two runs of keys that share scales.</summary>
    private ref struct Sides<TFormat, TAhead, V, L>
        where TFormat : IKvFormat
        where TAhead : ILookahead
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        private readonly V _leftScale, _rightScale;
        private byte* _left, _right, _nextLeft, _nextRight;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Sides(in Pair keys, int channel)
        {
            _leftScale = TFormat.KeyScale<V, L>(keys.Left, channel, keys.LeftAt);
            _rightScale = TFormat.KeyScale<V, L>(keys.Right, channel, keys.RightAt);
            _left = TFormat.KeyAddress(keys.Left, channel, keys.LeftAt);
            _right = TFormat.KeyAddress(keys.Right, channel, keys.RightAt);
            _nextLeft = TFormat.KeyAddress(keys.NextLeft, channel, keys.LeftAt);
            _nextRight = TFormat.KeyAddress(keys.NextRight, channel, keys.RightAt);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(out V left, out V right)
        {
            left = TFormat.LoadKeys<V, L>(_left, _leftScale);
            right = TFormat.LoadKeys<V, L>(_right, _rightScale);
            TAhead.Fetch(_nextLeft);
            TAhead.Fetch(_nextRight);
            var step = TFormat.KeyAddress(null, 1, 0) - TFormat.KeyAddress(null, 0, 0);
            _left += step;
            _right += step;
            _nextLeft += step;
            _nextRight += step;
        }
    }
}
