using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of plain numbers with f32 activations.</summary>
/// <typeparam name="TFormat">How the weights are stored.</typeparam>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TI">Its integers.</typeparam>
/// <typeparam name="TF">Its floats.</typeparam>
internal sealed unsafe class FloatMatMul<TFormat, TLanes, TI, TF> : MatMulKernel
    where TFormat : unmanaged, IFloatFormat<TFormat>
    where TLanes : struct, ILanes<TI, TF>
    where TI : unmanaged
    where TF : unmanaged
{
    private const int TokensAtOnce = 4;

    public override int GroupRows => TLanes.Count;

    public override bool IsQuantized => false;

    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var sums = stackalloc TF[ActivationTiles.TileTokens];
        var first = (nint)tile * ActivationTiles.TileTokens;
        for (var group = start; group < end; group++)
        {
            var columns = (byte*)(w.Groups + (group * w.GroupBytes));
            var t = 0;
            for (; t + TokensAtOnce <= tokens; t += TokensAtOnce)
                MultiplyFour(columns, (float*)x.Values + ((first + t) * x.Stride), x.Stride, w.Blocks, sums + t);
            for (; t < tokens; t++)
                sums[t] = MultiplyOne(columns, (float*)x.Values + ((first + t) * x.Stride), w.Blocks);
            GroupResult.Write<TLanes, TI, TF>(
                sums, group * TLanes.Count, w.Rows, y + (first * yStride), yStride, tokens);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TF MultiplyOne(byte* w, float* x, int columns)
    {
        var sum = TLanes.Zero;
        for (var end = x + columns; x < end; x++)
        {
            sum = TLanes.MultiplyAdd(TFormat.Load<TLanes, TI, TF>(w), TLanes.Spread(*x), sum);
            w += sizeof(TFormat) * TLanes.Count;
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour(byte* w, float* x, nint stride, int columns, TF* sums)
    {
        TF sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        for (var end = x + columns; x < end; x++)
        {
            var values = TFormat.Load<TLanes, TI, TF>(w);
            sum0 = TLanes.MultiplyAdd(values, TLanes.Spread(x[0]), sum0);
            sum1 = TLanes.MultiplyAdd(values, TLanes.Spread(x[stride]), sum1);
            sum2 = TLanes.MultiplyAdd(values, TLanes.Spread(x[2 * stride]), sum2);
            sum3 = TLanes.MultiplyAdd(values, TLanes.Spread(x[3 * stride]), sum3);
            w += sizeof(TFormat) * TLanes.Count;
        }
        (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
    }
}
