using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>32 weights in 22 bytes: <c>scale * (value - 16)</c>; bit i of a word is the fifth of value i.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q5_0 : IUnsignedFormat<Q5_0>
{
    public Half Scale;
    public uint FifthBits;
    public Nibbles32 Nibbles;

    public static DType Type => DType.Q5_0;

    public static int Halves => 1;

    public static void Decode(in Q5_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 32; i++) values[i] = scale * (FiveBits.Get(block.Nibbles, block.FifthBits, i) - 16);
    }

    public static Q5_0 Encode(ReadOnlySpan<float> values)
    {
        // The value of largest magnitude becomes exactly -16, whichever its sign.
        var scale = Rounding.FirstOfLargestMagnitude(values) / -16;
        var inverse = Rounding.Inverse(scale);
        var block = new Q5_0 { Scale = (Half)scale };
        for (var i = 0; i < 32; i++)
        {
            var value = Rounding.Truncate((values[i] * inverse) + 16.5f, 31);
            FiveBits.Set(ref block.Nibbles, ref block.FifthBits, i, value);
        }
        return block;
    }

    public static float AddDot(float sum, in Q5_0 weights, in ActivationBlock x)
    {
        var dot = 0;
        for (var i = 0; i < 32; i++)
            dot += FiveBits.Get(weights.Nibbles, weights.FifthBits, i) * x.Values[i];
        sum += (float)weights.Scale * ((dot * x.Scale) - (2 * x.Offset));
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Quad<TLanes, TI, TF>(byte* words, int quad)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        FiveBits.Quad<TLanes, TI, TF>(words, quad);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Dot<TDots, TI>(TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x)
        where TDots : struct, IDots<TI>
        where TI : struct =>
        TDots.Dot5(q0, q1, q2, q3, q4, q5, q6, q7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Add<TLanes, TI, TF>(TF sum, TF dot, TF scale, TF minimum, float xScale, float xOffset)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        TLanes.MultiplyAdd(
            scale, TLanes.MultiplySubtract(dot, TLanes.Broadcast(xScale), TLanes.Broadcast(2 * xOffset)), sum);
}

/// <summary>Values of five bits: four in a nibble, one in a word.</summary>
internal static class FiveBits
{
    public static int Get(in Nibbles32 nibbles, uint fifthBits, int i)
    {
        var nibble = i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4;
        return nibble | (int)(((fifthBits >> i) & 1) << 4);
    }

    public static void Set(ref Nibbles32 nibbles, ref uint fifthBits, int i, int value)
    {
        nibbles[i & 15] |= (byte)((value & 15) << (i < 16 ? 0 : 4));
        fifthBits |= (uint)(value >> 4) << i;
    }

    /// <summary>One quad of a row group's block: the word of fifth bits comes first, then the nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Quad<TLanes, TI, TF>(byte* words, int quad)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged
    {
        var nibbles = TLanes.LoadWords(words + ((1 + (quad & 3)) * TLanes.Count * 4));
        return TLanes.Or(
            quad < 4 ? TLanes.LowNibbles(nibbles) : TLanes.HighNibbles(nibbles),
            TLanes.FifthBits(TLanes.LoadWords(words), quad));
    }
}
