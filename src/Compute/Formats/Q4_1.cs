using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>32 weights in 20 bytes: <c>scale * nibble + minimum</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q4_1 : IUnsignedFormat<Q4_1>
{
    public Half Scale;
    public Half Minimum;
    public Nibbles32 Nibbles;

    public static DType Type => DType.Q4_1;

    public static int Halves => 2;

    public static void Decode(in Q4_1 block, Span<float> values)
    {
        var (scale, minimum) = ((float)block.Scale, (float)block.Minimum);
        for (var i = 0; i < 16; i++)
        {
            values[i] = (scale * (block.Nibbles[i] & 15)) + minimum;
            values[i + 16] = (scale * (block.Nibbles[i] >> 4)) + minimum;
        }
    }

    public static Q4_1 Encode(ReadOnlySpan<float> values)
    {
        var minimum = TensorPrimitives.Min(values);
        var scale = (TensorPrimitives.Max(values) - minimum) / 15;
        var inverse = Rounding.Inverse(scale);
        var block = new Q4_1 { Scale = (Half)scale, Minimum = (Half)minimum };
        for (var i = 0; i < 16; i++)
        {
            var low = Rounding.Truncate(((values[i] - minimum) * inverse) + 0.5f, 15);
            var high = Rounding.Truncate(((values[i + 16] - minimum) * inverse) + 0.5f, 15);
            block.Nibbles[i] = (byte)(low | (high << 4));
        }
        return block;
    }

    public static float AddDot(float sum, in Q4_1 weights, in ActivationBlock x)
    {
        var dot = 0;
        for (var i = 0; i < 16; i++)
        {
            dot += (weights.Nibbles[i] & 15) * x.Values[i];
            dot += (weights.Nibbles[i] >> 4) * x.Values[i + 16];
        }
        sum += (float)weights.Scale * (dot * x.Scale);
        sum += (float)weights.Minimum / 8 * x.Offset;
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
            minimum, TLanes.Broadcast(xOffset),
            TLanes.MultiplyAdd(scale, TLanes.Multiply(dot, TLanes.Broadcast(xScale)), sum));
}
