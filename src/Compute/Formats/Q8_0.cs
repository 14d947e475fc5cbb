using System.Numerics.Tensors;
using System.Runtime.InteropServices;

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

    public static Q8_0 Encode(ReadOnlySpan<float> values) =>
        VectorRounding.TryQ8_0(values, out var block) ? block : EncodeOneByOne(values);

    /// <summary>What <see cref="Encode"/> must give.</summary>
    internal static Q8_0 EncodeOneByOne(ReadOnlySpan<float> values)
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
}
