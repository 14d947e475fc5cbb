using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>32 weights in 24 bytes: <c>scale * value + minimum</c>; bit i of a word is the fifth of value i.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q5_1 : IUnsignedFormat<Q5_1>
{
    public Half Scale;
    public Half Minimum;
    public uint FifthBits;
    public Nibbles32 Nibbles;

    public static DType Type => DType.Q5_1;

    public static int Halves => 2;

    public static void Decode(in Q5_1 block, Span<float> values)
    {
        var (scale, minimum) = ((float)block.Scale, (float)block.Minimum);
        for (var i = 0; i < 32; i++)
            values[i] = (scale * FiveBits.Get(block.Nibbles, block.FifthBits, i)) + minimum;
    }

    public static Q5_1 Encode(ReadOnlySpan<float> values)
    {
        var minimum = TensorPrimitives.Min(values);
        var scale = (TensorPrimitives.Max(values) - minimum) / 31;
        var inverse = Rounding.Inverse(scale);
        var block = new Q5_1 { Scale = (Half)scale, Minimum = (Half)minimum };
        for (var i = 0; i < 32; i++)
        {
            var value = Rounding.Truncate(((values[i] - minimum) * inverse) + 0.5f, 31);
            FiveBits.Set(ref block.Nibbles, ref block.FifthBits, i, value);
        }
        return block;
    }

    public static float AddDot(float sum, in Q5_1 weights, in ActivationBlock x)
    {
        var dot = 0;
        for (var i = 0; i < 32; i++)
            dot += FiveBits.Get(weights.Nibbles, weights.FifthBits, i) * x.Values[i];
        sum += (float)weights.Scale * (dot * x.Scale);
        sum += (float)weights.Minimum / 8 * x.Offset;
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
            minimum, TLanes.Broadcast(xOffset),
            TLanes.MultiplyAdd(scale, TLanes.Multiply(dot, TLanes.Broadcast(xScale)), sum));
}
