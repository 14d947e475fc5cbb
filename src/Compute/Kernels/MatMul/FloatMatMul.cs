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
    where TLanes : struct, IWordLanes<TI, TF>
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
        const int PanelsOfTile = ActivationTiles.TileTokens / ActivationTiles.PanelTokens;
        var last = Math.Min((tile + 1) * PanelsOfTile, x.PanelCount);
        for (var panel = tile * PanelsOfTile; panel < last; panel++)
        {
            var results = y + ((nint)panel * ActivationTiles.PanelTokens * yStride);
            var tokens = Math.Min(ActivationTiles.PanelTokens, x.Tokens - (panel * ActivationTiles.PanelTokens));
            if (tokens == 1) MultiplyOne(w, start, end, x.PanelOf(panel), results);
            else MultiplyPanel(w, start, end, x.PanelOf(panel), x.PanelWidth(panel), tokens, results, yStride);
        }
    }

    /// <summary>
    /// One token: two groups at a time, because a sum must wait for the one before it, and because memory is read
    /// slower in more than two streams.
    /// </summary>
    private static void MultiplyOne(in PackedRows w, int start, int end, float* x, float* y)
    {
        var sums = stackalloc TF[2];
        for (var group = start; group < end; group += 2)
        {
            // Past the last group the last one is computed again.
            var count = Math.Min(2, end - group);
            var columns = (byte*)(w.Groups + (group * w.GroupBytes));
            MultiplyTwoGroups(columns, columns + ((count - 1) * w.GroupBytes), x, w.Blocks, sums);
            TileSums.Write<TLanes, TI, TF>(sums, group * TLanes.Count, count, w.Rows, y, 0, 1);
        }
    }

    private static void MultiplyPanel(
        in PackedRows w, int start, int end, float* x, int width, int tokens, float* y, int yStride)
    {
        var sums = stackalloc TF[TileSums.Groups * ActivationTiles.PanelTokens];
        for (var group = start; group < end; group += TileSums.Groups)
        {
            var count = Math.Min(TileSums.Groups, end - group);
            for (var i = 0; i < count; i++)
            {
                // Sums of places without a token fall behind the last token's and are overwritten or ignored.
                var columns = (byte*)(w.Groups + ((group + i) * w.GroupBytes));
                if (width == 4) MultiplyFourTokens(columns, x, w.Blocks, sums + (i * tokens));
                else MultiplyEightTokens(columns, x, w.Blocks, sums + (i * tokens));
            }
            TileSums.Write<TLanes, TI, TF>(sums, group * TLanes.Count, count, w.Rows, y, yStride, tokens);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwoGroups(byte* w0, byte* w1, float* x, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero;
        nint at = 0;
        for (var end = x + columns; x < end; x++, at += ColumnBytes)
        {
            if ((at & 63) == 0)
            {
                Ahead.Prefetch(w0 + at, 1);
                Ahead.Prefetch(w1 + at, 1);
            }
            var spread = TLanes.Broadcast(*x);
            sum0 = TLanes.MultiplyAdd(Load(w0 + at), spread, sum0);
            sum1 = TLanes.MultiplyAdd(Load(w1 + at), spread, sum1);
        }
        (sums[0], sums[1]) = (End(sum0), End(sum1));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFourTokens(byte* w, float* x, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        for (var end = x + (columns * 4); x < end; x += 4, w += ColumnBytes)
        {
            Ahead.Prefetch(w, 1);
            var values = Load(w);
            sum0 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[0]), sum0);
            sum1 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[1]), sum1);
            sum2 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[2]), sum2);
            sum3 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[3]), sum3);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (End(sum0), End(sum1), End(sum2), End(sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyEightTokens(byte* w, float* x, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        TF sum4 = TLanes.Zero, sum5 = TLanes.Zero, sum6 = TLanes.Zero, sum7 = TLanes.Zero;
        for (var end = x + (columns * 8); x < end; x += 8, w += ColumnBytes)
        {
            Ahead.Prefetch(w, 1);
            var values = Load(w);
            sum0 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[0]), sum0);
            sum1 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[1]), sum1);
            sum2 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[2]), sum2);
            sum3 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[3]), sum3);
            sum4 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[4]), sum4);
            sum5 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[5]), sum5);
            sum6 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[6]), sum6);
            sum7 = TLanes.MultiplyAdd(values, TLanes.Broadcast(x[7]), sum7);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (End(sum0), End(sum1), End(sum2), End(sum3));
        (sums[4], sums[5], sums[6], sums[7]) = (End(sum4), End(sum5), End(sum6), End(sum7));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Load(byte* column) => TFormat.Load<TLanes, TI, TF>(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF End(TF sum) => TLanes.Multiply(sum, TLanes.Broadcast(TFormat.Unit));
}
