using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of quantised blocks with small unsigned integers.</summary>
/// <typeparam name="TFormat">How the weights are stored.</typeparam>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TDots">Integer products at that width.</typeparam>
/// <typeparam name="TI">Vectors of integers.</typeparam>
/// <typeparam name="TF">Vectors of floats.</typeparam>
internal sealed unsafe class QuantizedMatMul<TFormat, TLanes, TDots, TI, TF> : BlockMatMul<TLanes, TI, TF>
    where TFormat : unmanaged, IUnsignedFormat<TFormat>
    where TLanes : struct, IWordLanes<TI, TF>
    where TDots : struct, IDots<TI>
    where TI : unmanaged
    where TF : unmanaged
{
    private static int HeaderBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TFormat.Halves * TLanes.Count;
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(TFormat) * TLanes.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override TF MultiplyOne(byte* w, ActivationBlock* x, int blocks)
    {
        var sum = TLanes.Zero;
        for (var end = x + blocks; x < end; x++, w += BlockBytes)
        {
            Ahead.Prefetch(w, BlockBytes);
            var words = w + HeaderBytes;
            var dot = TFormat.Dot<TDots, TI>(
                Quad(words, 0), Quad(words, 1), Quad(words, 2), Quad(words, 3),
                Quad(words, 4), Quad(words, 5), Quad(words, 6), Quad(words, 7), (sbyte*)&x->Values);
            sum = TFormat.Add<TLanes, TI, TF>(
                sum, TLanes.ToSingle(dot), Scale(w), Minimum(w), x->Scale, x->Offset);
        }
        return sum;
    }

    // The sums stay in memory: a load and a store per block and token cost little beside its twenty vector operations,
    // and one loop serves any number of tokens.
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
            TF scale = Scale(w), minimum = Minimum(w);
            for (var sum = sums; sum < sums + tokens; sum++, x++)
            {
                var dot = TFormat.Dot<TDots, TI>(q0, q1, q2, q3, q4, q5, q6, q7, (sbyte*)&x->Values);
                *sum = TFormat.Add<TLanes, TI, TF>(
                    *sum, TLanes.ToSingle(dot), scale, minimum, x->Scale, x->Offset);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Quad(byte* words, int quad) => TFormat.Quad<TLanes, TI, TF>(words, quad);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Scale(byte* block) => TLanes.LoadHalves((ushort*)block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Minimum(byte* block) =>
        TFormat.Halves > 1
            ? TLanes.Multiply(TLanes.LoadHalves((ushort*)block + TLanes.Count), TLanes.Broadcast(0.125f))
            : TLanes.Zero;
}
