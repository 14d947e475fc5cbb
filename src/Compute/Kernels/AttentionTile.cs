using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>The three steps of attention over one tile of 64 keys, for a handful of queries at a time.</summary>
/// <remarks>
/// Every query has its own accumulators and sums in ascending order of channels or keys, so that its result does not
/// depend on which queries share the tile. M is the number of queries, a multiple of 4; C the width of a head.
/// </remarks>
internal static unsafe class AttentionTile
{
    /// <summary>Keys of a tile.</summary>
    public const int Keys = 64;

    /// <summary>Queries that share registers.</summary>
    public const int QueryStep = 4;

    private const int PageKeys = KvShape.BlockTokens;

    /// <summary>Scores of every query with the keys of the first pages.</summary>
    /// <param name="queries"><c>[M, C]</c>.</param>
    /// <param name="count">M.</param>
    /// <param name="keys"><c>[4, C, 16]</c>.</param>
    /// <param name="headDim">C.</param>
    /// <param name="pages">Pages that hold keys; scores of the page after an odd one may be written too.</param>
    /// <param name="scores"><c>[M, 64]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores<V, L>(float* queries, int count, float* keys, int headDim, int pages, float* scores)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var key = 0; key < pages * PageKeys; key += 2 * L.Count)
        {
            var left = KeysFrom(keys, key, headDim);
            var right = KeysFrom(keys, key + L.Count, headDim);
            for (var m = 0; m < count; m += QueryStep)
                Scores<V, L>(queries + m * headDim, left, right, headDim, scores + m * Keys + key);
        }
    }

    /// <summary>Turns scores into weights relative to each query's largest score so far.</summary>
    /// <param name="scores"><c>[M, 64]</c>, in powers of two; minus infinity where a query may not look.</param>
    /// <param name="count">M.</param>
    /// <param name="states">Largest score and sum of weights of each query so far.</param>
    /// <param name="rescales">By how much each query's older sums shrink, <c>[M]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax<V, L>(float* scores, int count, SoftmaxState* states, float* rescales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var m = 0; m < count; m++)
        {
            var row = scores + m * Keys;
            var largest = L.Load(row);
            for (var i = L.Count; i < Keys; i += L.Count) largest = L.Max(largest, L.Load(row + i));
            var maximum = MathF.Max(states[m].Maximum, L.Largest(largest));
            var shift = L.Broadcast(maximum);
            var sum = L.Broadcast(0);
            for (var i = 0; i < Keys; i += L.Count)
            {
                var weight = Exponential.Power2<V, L>(L.Subtract(L.Load(row + i), shift));
                L.Store(row + i, weight);
                sum = L.Add(sum, weight);
            }
            var rescale = Exponential.Power2<float, Lanes1>(states[m].Maximum - maximum);
            rescales[m] = rescale;
            states[m] = new(maximum, states[m].Sum * rescale + L.Sum(sum));
        }
    }

    /// <summary>Adds the weighted values to the sums of every query.</summary>
    /// <param name="weights"><c>[M, 64]</c>.</param>
    /// <param name="count">M.</param>
    /// <param name="values"><c>[64, stride]</c>.</param>
    /// <param name="stride">C, rounded up to a multiple of 32.</param>
    /// <param name="keyCount">Keys of the tile that exist.</param>
    /// <param name="sums"><c>[M, stride]</c>.</param>
    /// <param name="rescales">Multiplies the older sums, <c>[M]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<V, L>(
        float* weights, int count, float* values, int stride, int keyCount, float* sums, float* rescales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var c = 0; c < stride; c += 2 * L.Count)
        {
            for (var m = 0; m < count; m += QueryStep)
                Accumulate<V, L>(weights + m * Keys, values + c, stride, keyCount, sums + m * stride + c, rescales + m);
        }
    }

    // Channel c of key i is at [i / 16, c, i % 16].
    private static float* KeysFrom(float* keys, int key, int headDim) =>
        keys + key / PageKeys * PageKeys * headDim + key % PageKeys;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scores<V, L>(float* queries, float* left, float* right, int headDim, float* scores)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        float* q0 = queries, q1 = q0 + headDim, q2 = q1 + headDim, q3 = q2 + headDim;
        V a0 = L.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (var c = 0; c < headDim; c++)
        {
            V a = L.Load(left + c * PageKeys), b = L.Load(right + c * PageKeys);
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
        Store<V, L>(scores, a0, b0);
        Store<V, L>(scores + Keys, a1, b1);
        Store<V, L>(scores + 2 * Keys, a2, b2);
        Store<V, L>(scores + 3 * Keys, a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<V, L>(
        float* weights, float* values, int stride, int keyCount, float* sums, float* rescales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var (a0, b0) = LoadScaled<V, L>(sums, rescales[0]);
        var (a1, b1) = LoadScaled<V, L>(sums + stride, rescales[1]);
        var (a2, b2) = LoadScaled<V, L>(sums + 2 * stride, rescales[2]);
        var (a3, b3) = LoadScaled<V, L>(sums + 3 * stride, rescales[3]);
        for (var key = 0; key < keyCount; key++, values += stride, weights++)
        {
            V a = L.Load(values), b = L.Load(values + L.Count);
            var p = L.Broadcast(weights[0]);
            a0 = L.MultiplyAdd(p, a, a0);
            b0 = L.MultiplyAdd(p, b, b0);
            p = L.Broadcast(weights[Keys]);
            a1 = L.MultiplyAdd(p, a, a1);
            b1 = L.MultiplyAdd(p, b, b1);
            p = L.Broadcast(weights[2 * Keys]);
            a2 = L.MultiplyAdd(p, a, a2);
            b2 = L.MultiplyAdd(p, b, b2);
            p = L.Broadcast(weights[3 * Keys]);
            a3 = L.MultiplyAdd(p, a, a3);
            b3 = L.MultiplyAdd(p, b, b3);
        }
        Store<V, L>(sums, a0, b0);
        Store<V, L>(sums + stride, a1, b1);
        Store<V, L>(sums + 2 * stride, a2, b2);
        Store<V, L>(sums + 3 * stride, a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V, V) LoadScaled<V, L>(float* sums, float scale)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var scales = L.Broadcast(scale);
        return (L.Multiply(L.Load(sums), scales), L.Multiply(L.Load(sums + L.Count), scales));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V, L>(float* target, V left, V right)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        L.Store(target, left);
        L.Store(target + L.Count, right);
    }
}
