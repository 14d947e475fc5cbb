using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of quantised blocks with int8 activations.</summary>
/// <typeparam name="TFormat">How the weights are stored.</typeparam>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TI">Its integers.</typeparam>
/// <typeparam name="TF">Its floats.</typeparam>
internal sealed unsafe class QuantizedMatMul<TFormat, TLanes, TI, TF> : MatMulKernel
    where TFormat : unmanaged, IQuantizedFormat<TFormat>
    where TLanes : struct, ILanes<TI, TF>
    where TI : unmanaged
    where TF : unmanaged
{
    public override int GroupRows => TLanes.Count;

    public override bool IsQuantized => true;

    private static int HeaderBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TFormat.Halves * TLanes.Count;
    }

    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var sums = stackalloc TF[ActivationTiles.TileTokens];
        y += (nint)tile * ActivationTiles.TileTokens * yStride;
        for (var group = start; group < end; group++)
        {
            var blocks = (byte*)(w.Groups + (group * w.GroupBytes));
            if (tokens == 1) sums[0] = MultiplyOne(blocks, x.TileOf(tile), w.Blocks);
            else MultiplyTile(blocks, x.TileOf(tile), w.Blocks, tokens, sums);
            GroupResult.Write<TLanes, TI, TF>(sums, group * TLanes.Count, w.Rows, y, yStride, tokens);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TF MultiplyOne(byte* w, ActivationBlock* x, int blocks)
    {
        var sum = TLanes.Zero;
        for (var end = x + blocks; x < end; x++)
        {
            var words = w + HeaderBytes;
            var dot = TFormat.Dot<TLanes, TI, TF>(
                Quad(words, 0), Quad(words, 1), Quad(words, 2), Quad(words, 3),
                Quad(words, 4), Quad(words, 5), Quad(words, 6), Quad(words, 7), (sbyte*)&x->Values);
            sum = TFormat.Add<TLanes, TI, TF>(sum, dot, Scale(w), Minimum(w), x->Scale, x->Offset);
            w += sizeof(TFormat) * TLanes.Count;
        }
        return sum;
    }

    // The sums stay in memory: a load and a store per block and token cost little beside its twenty vector operations,
    // and one loop serves any number of tokens.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTile(byte* w, ActivationBlock* x, int blocks, int tokens, TF* sums)
    {
        for (var t = 0; t < tokens; t++) sums[t] = TLanes.Zero;
        for (var b = 0; b < blocks; b++)
        {
            var words = w + HeaderBytes;
            TI q0 = Quad(words, 0), q1 = Quad(words, 1), q2 = Quad(words, 2), q3 = Quad(words, 3);
            TI q4 = Quad(words, 4), q5 = Quad(words, 5), q6 = Quad(words, 6), q7 = Quad(words, 7);
            TF scale = Scale(w), minimum = Minimum(w);
            for (var sum = sums; sum < sums + tokens; sum++, x++)
            {
                var dot = TFormat.Dot<TLanes, TI, TF>(q0, q1, q2, q3, q4, q5, q6, q7, (sbyte*)&x->Values);
                *sum = TFormat.Add<TLanes, TI, TF>(*sum, dot, scale, minimum, x->Scale, x->Offset);
            }
            w += sizeof(TFormat) * TLanes.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Quad(byte* words, int quad) => TFormat.Quad<TLanes, TI, TF>(words, quad);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Scale(byte* block) => TLanes.LoadF16(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Minimum(byte* block) =>
        TFormat.Halves > 1
            ? TLanes.Multiply(TLanes.LoadF16(block + (2 * TLanes.Count)), TLanes.Spread(0.125f))
            : TLanes.Zero;
}
