using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of plain numbers with f32 activations.</summary>
/// <typeparam name="TFormat">How the weights are stored.</typeparam>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TI">Vectors of integers.</typeparam>
/// <typeparam name="TF">Vectors of floats.</typeparam>
internal sealed unsafe class FloatMatMul<TFormat, TLanes, TI, TF> : MatMulKernel
    where TFormat : unmanaged, IFloatFormat<TFormat>
    where TLanes : struct, ILanes<TI, TF>
    where TI : unmanaged
    where TF : unmanaged
{
    public override int GroupRows => TLanes.Count;

    public override bool IsQuantized => false;

    private static int ColumnBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(TFormat) * TLanes.Count;
    }

    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var first = (nint)tile * ActivationTiles.TileTokens;
        var tokens = x.TokensOf(tile);
        var values = (float*)x.Values + (first * x.Stride);
        y += first * yStride;
        if (tokens == 1) MultiplyOne(w, start, end, values, y);
        else
            for (var g = start; g < end; g++) MultiplyTile(w, g, values, x.Stride, tokens, y, yStride);
    }

    /// <summary>One token: four groups at a time, because a sum must wait for the one before it.</summary>
    private static void MultiplyOne(in PackedRows w, int start, int end, float* x, float* y)
    {
        var sums = stackalloc TF[4];
        for (var group = start; group < end; group += 4)
        {
            // Past the last group the last one is computed again.
            var left = end - group - 1;
            var columns = (byte*)(w.Groups + (group * w.GroupBytes));
            MultiplyFourGroups(
                columns, columns + (Math.Min(1, left) * w.GroupBytes), columns + (Math.Min(2, left) * w.GroupBytes),
                columns + (Math.Min(3, left) * w.GroupBytes), x, w.Blocks, sums);
            TileSums.Write<TLanes, TI, TF>(sums, group * TLanes.Count, Math.Min(4, left + 1), w.Rows, y, 0, 1);
        }
    }

    private static void MultiplyTile(
        in PackedRows w, int group, float* x, int stride, int tokens, float* y, int yStride)
    {
        var sums = stackalloc TF[ActivationTiles.TileTokens];
        var columns = (byte*)(w.Groups + (group * w.GroupBytes));
        for (var t = 0; t < tokens;)
        {
            // Past the last token the last one is computed again.
            var left = tokens - t - 1;
            nint Token(int i) => (nint)Math.Min(i, left) * stride;
            if (left < 4)
                MultiplyFourTokens(columns, x, Token(1), Token(2), Token(3), w.Blocks, sums + t);
            else
                MultiplyEightTokens(
                    columns, x, Token(1), Token(2), Token(3), Token(4), Token(5), Token(6), Token(7), w.Blocks,
                    sums + t);
            t += left < 4 ? 4 : 8;
            x += (left < 4 ? 4 : 8) * (nint)stride;
        }
        TileSums.Write<TLanes, TI, TF>(sums, group * TLanes.Count, 1, w.Rows, y, yStride, tokens);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFourGroups(byte* w0, byte* w1, byte* w2, byte* w3, float* x, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        nint at = 0;
        for (var end = x + columns; x < end; x++, at += ColumnBytes)
        {
            if ((at & 63) == 0)
            {
                Ahead.Prefetch(w0 + at, 1);
                Ahead.Prefetch(w1 + at, 1);
                Ahead.Prefetch(w2 + at, 1);
                Ahead.Prefetch(w3 + at, 1);
            }
            var spread = TLanes.Spread(*x);
            sum0 = TLanes.MultiplyAdd(Load(w0 + at), spread, sum0);
            sum1 = TLanes.MultiplyAdd(Load(w1 + at), spread, sum1);
            sum2 = TLanes.MultiplyAdd(Load(w2 + at), spread, sum2);
            sum3 = TLanes.MultiplyAdd(Load(w3 + at), spread, sum3);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFourTokens(byte* w, float* x, nint t1, nint t2, nint t3, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        for (var end = x + columns; x < end; x++, w += ColumnBytes)
        {
            Ahead.Prefetch(w, 1);
            var values = Load(w);
            sum0 = TLanes.MultiplyAdd(values, TLanes.Spread(x[0]), sum0);
            sum1 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t1]), sum1);
            sum2 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t2]), sum2);
            sum3 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t3]), sum3);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyEightTokens(
        byte* w, float* x, nint t1, nint t2, nint t3, nint t4, nint t5, nint t6, nint t7, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        TF sum4 = TLanes.Zero, sum5 = TLanes.Zero, sum6 = TLanes.Zero, sum7 = TLanes.Zero;
        for (var end = x + columns; x < end; x++, w += ColumnBytes)
        {
            Ahead.Prefetch(w, 1);
            var values = Load(w);
            sum0 = TLanes.MultiplyAdd(values, TLanes.Spread(x[0]), sum0);
            sum1 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t1]), sum1);
            sum2 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t2]), sum2);
            sum3 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t3]), sum3);
            sum4 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t4]), sum4);
            sum5 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t5]), sum5);
            sum6 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t6]), sum6);
            sum7 = TLanes.MultiplyAdd(values, TLanes.Spread(x[t7]), sum7);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
        (sums[4], sums[5], sums[6], sums[7]) = (sum4, sum5, sum6, sum7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Load(byte* column) => TFormat.Load<TLanes, TI, TF>(column);
}
