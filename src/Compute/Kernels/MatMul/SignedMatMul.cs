using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of Q8_0: signed bytes, whose products need more than 16 bits.</summary>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TDots">Integer products at that width.</typeparam>
/// <typeparam name="TI">Vectors of integers.</typeparam>
/// <typeparam name="TF">Vectors of floats.</typeparam>
internal sealed unsafe class SignedMatMul<TLanes, TDots, TI, TF> : BlockMatMul<TLanes, TI, TF>
    where TLanes : struct, IWordLanes<TI, TF>
    where TDots : struct, IDots<TI>
    where TI : unmanaged
    where TF : unmanaged
{
    private static int HeaderBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TLanes.Count;
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(Q8_0) * TLanes.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override TF MultiplyOne(byte* w, ActivationBlock* x, int blocks)
    {
        var sum = TLanes.Zero;
        for (var end = x + blocks; x < end; x++, w += BlockBytes)
        {
            Ahead.Prefetch(w, BlockBytes);
            var dot = TDots.Dot8(w + HeaderBytes, (sbyte*)&x->Values);
            sum = Add(sum, dot, TLanes.LoadHalves((ushort*)w), x);
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void MultiplyTile(byte* w, ActivationBlock* x, int blocks, int tokens, TF* sums)
    {
        for (var t = 0; t < tokens; t++) sums[t] = TLanes.Zero;
        for (var b = 0; b < blocks; b++, w += BlockBytes)
        {
            Ahead.Prefetch(w, BlockBytes);
            var words = w + HeaderBytes;
            TI q0 = Quad(words, 0), q1 = Quad(words, 1), q2 = Quad(words, 2), q3 = Quad(words, 3);
            TI q4 = Quad(words, 4), q5 = Quad(words, 5), q6 = Quad(words, 6), q7 = Quad(words, 7);
            TI s0 = TDots.Signs(q0), s1 = TDots.Signs(q1), s2 = TDots.Signs(q2), s3 = TDots.Signs(q3);
            TI s4 = TDots.Signs(q4), s5 = TDots.Signs(q5), s6 = TDots.Signs(q6), s7 = TDots.Signs(q7);
            (q0, q1, q2) = (TDots.Magnitudes(q0), TDots.Magnitudes(q1), TDots.Magnitudes(q2));
            (q3, q4, q5) = (TDots.Magnitudes(q3), TDots.Magnitudes(q4), TDots.Magnitudes(q5));
            (q6, q7) = (TDots.Magnitudes(q6), TDots.Magnitudes(q7));
            var correction = TDots.Correction(
                q0, q1, q2, q3, q4, q5, q6, q7, s0, s1, s2, s3, s4, s5, s6, s7);
            var scale = TLanes.LoadHalves((ushort*)w);
            for (var sum = sums; sum < sums + tokens; sum++, x++)
            {
                var dot = TDots.Dot8(
                    q0, q1, q2, q3, q4, q5, q6, q7, s0, s1, s2, s3, s4, s5, s6, s7,
                    correction, words, (sbyte*)&x->Values);
                *sum = Add(*sum, dot, scale, x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Quad(byte* words, int quad) => TLanes.LoadWords(words + (quad * TLanes.Count * 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Add(TF sum, TI dot, TF scale, ActivationBlock* x)
    {
        var (product, xScale) = (TLanes.ToSingle(dot), TLanes.Broadcast(x->Scale));
        return TLanes.MultiplyAdd(
            scale,
            TDots.SignedOffset == 0
                ? TLanes.Multiply(product, xScale)
                : TLanes.MultiplySubtract(product, xScale, TLanes.Broadcast(TDots.SignedOffset * x->Offset)),
            sum);
    }
}
