using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>32 weights in 18 bytes: <c>scale * (nibble - 8)</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q4_0 : IUnsignedFormat<Q4_0>
{
    public Half Scale;
    public Nibbles32 Nibbles;

    public static DType Type => DType.Q4_0;

    public static int Halves => 1;

    public static void Decode(in Q4_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 16; i++)
        {
            values[i] = scale * ((block.Nibbles[i] & 15) - 8);
            values[i + 16] = scale * ((block.Nibbles[i] >> 4) - 8);
        }
    }

    public static Q4_0 Encode(ReadOnlySpan<float> values) =>
        VectorRounding.TryQ4_0(values, out var block) ? block : EncodeOneByOne(values);

    /// <summary>What <see cref="Encode"/> must give.</summary>
    internal static Q4_0 EncodeOneByOne(ReadOnlySpan<float> values)
    {
        // The value of largest magnitude becomes exactly -8, whichever its sign.
        var scale = Rounding.FirstOfLargestMagnitude(values) / -8;
        var inverse = Rounding.Inverse(scale);
        var block = new Q4_0 { Scale = (Half)scale };
        for (var i = 0; i < 16; i++)
        {
            var low = Rounding.Truncate((values[i] * inverse) + 8.5f, 15);
            var high = Rounding.Truncate((values[i + 16] * inverse) + 8.5f, 15);
            block.Nibbles[i] = (byte)(low | (high << 4));
        }
        return block;
    }

    public static float AddDot(float sum, in Q4_0 weights, in ActivationBlock x)
    {
        var dot = 0;
        for (var i = 0; i < 16; i++)
        {
            dot += (weights.Nibbles[i] & 15) * x.Values[i];
            dot += (weights.Nibbles[i] >> 4) * x.Values[i + 16];
        }
        sum += (float)weights.Scale * ((dot * x.Scale) - x.Offset);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Quad<TLanes, TI, TF>(byte* words, int quad)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        quad < 4
            ? TLanes.LowNibbles(TLanes.LoadWords(words + (quad * TLanes.Count * 4)))
            : TLanes.HighNibbles(TLanes.LoadWords(words + ((quad - 4) * TLanes.Count * 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Dot<TDots, TI>(TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x)
        where TDots : struct, IDots<TI>
        where TI : struct =>
        TDots.Dot4(q0, q1, q2, q3, q4, q5, q6, q7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Add<TLanes, TI, TF>(TF sum, TF dot, TF scale, TF minimum, float xScale, float xOffset)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        TLanes.MultiplyAdd(
            scale, TLanes.MultiplySubtract(dot, TLanes.Broadcast(xScale), TLanes.Broadcast(xOffset)), sum);
}
