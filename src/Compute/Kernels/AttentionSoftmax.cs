using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Turns the scores of a tile into weights.</summary>
internal static unsafe class AttentionSoftmax
{
    /// <summary>Makes weights relative to each query's largest score so far, and updates its state.</summary>
    /// <param name="scores"><c>[M, 64]</c>, in powers of two; minus infinity where a query may not look.</param>
    /// <param name="keys">Keys that any query may look at, in whole pages.</param>
    /// <param name="unit">Multiplies the weights, but not their sum.</param>
    /// <param name="count">M.</param>
    /// <param name="states">Largest score and sum of weights of each query so far.</param>
    /// <param name="rescales">By how much each query's older sums shrink: M, and room for a register more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<V, L>(
        float* scores, int keys, float unit, int count, SoftmaxState* states, float* rescales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var m = 0; m < count; m++)
        {
            var row = scores + m * KvTile.Keys;
            var largest = L.Load(row);
            for (var i = L.Count; i < keys; i += L.Count) largest = L.Max(largest, L.Load(row + i));
            float inTile = L.Largest(largest), before = states[m].Maximum;
            var maximum = inTile > before ? inTile : before;
            states[m] = states[m] with { Maximum = maximum };
            rescales[m] = before - maximum;
        }
        for (var m = 0; m < count; m += L.Count) L.Store(rescales + m, Exponential.Power2<V, L>(L.Load(rescales + m)));
        for (var m = 0; m < count; m++)
        {
            var sum = Weigh<V, L>(scores + m * KvTile.Keys, keys, unit, states[m].Maximum);
            states[m] = states[m] with { Sum = states[m].Sum * rescales[m] + sum };
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weigh<V, L>(float* row, int keys, float unit, float maximum)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        V shift = L.Broadcast(maximum), units = L.Broadcast(unit);
        var sum = L.Broadcast(0);
        for (var i = 0; i < keys; i += L.Count)
        {
            var weight = Exponential.Power2<V, L>(L.Subtract(L.Load(row + i), shift));
            L.Store(row + i, L.Multiply(weight, units));
            sum = L.Add(sum, weight);
        }
        return L.Sum(sum);
    }
}
