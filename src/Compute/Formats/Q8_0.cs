using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>32 weights in 34 bytes: <c>scale * value</c> with signed bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q8_0 : IQuantizedFormat<Q8_0>
{
    public Half Scale;
    public Values32 Values;

    public static DType Type => DType.Q8_0;

    public static int Halves => 1;

    public static void Decode(in Q8_0 block, Span<float> values)
    {
        var scale = (float)block.Scale;
        for (var i = 0; i < 32; i++) values[i] = scale * block.Values[i];
    }

    public static Q8_0 Encode(ReadOnlySpan<float> values)
    {
        var scale = MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / 127;
        var inverse = Rounding.Inverse(scale);
        var block = new Q8_0 { Scale = (Half)scale };
        for (var i = 0; i < 32; i++)
            block.Values[i] = (sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        return block;
    }

    public static float AddDot(float sum, in Q8_0 weights, in ActivationBlock x)
    {
        var dot = 0;
        for (var i = 0; i < 32; i++) dot += weights.Values[i] * x.Values[i];
        sum += (float)weights.Scale * (dot * x.Scale);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TI Quad<TLanes, TI, TF>(byte* words, int quad)
        where TLanes : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TLanes.Load(words + (quad * TLanes.Count * 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TF Dot<TLanes, TI, TF>(
        TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x)
        where TLanes : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TLanes.Dot8(q0, q1, q2, q3, q4, q5, q6, q7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Add<TLanes, TI, TF>(TF sum, TF dot, TF scale, TF minimum, float xScale, float xOffset)
        where TLanes : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct =>
        TLanes.MultiplyAdd(scale, TLanes.Multiply(dot, TLanes.Spread(xScale)), sum);
}
