using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;
using Minka.Compute.Kernels.Code;

namespace Minka.Compute.Kernels;

/// <summary>Floats as halves, all finite: what is beyond 65 504 becomes that, and so does what is no number, with
/// either sign.</summary>
internal static unsafe class FiniteHalves
{
    private const int Lanes = 16;
    private const ushort LargestBits = 0x7BFF, MagnitudeBits = 0x7FFF, SignBit = 0x8000;

    private static readonly nint Written =
        CodeAttention.IsSupported ? MachineCode.Place(AttentionCode.Halves()) : 0;

    /// <summary>Stores floats by a function written at run time where that is possible.</summary>
    /// <param name="floats">Source.</param>
    /// <param name="halves">Target, with room for a multiple of 16.</param>
    public static void Write(ReadOnlySpan<float> floats, ushort* halves)
    {
        if (Written != 0 && floats.Length % Lanes == 0 && floats.Length > 0) WriteByCode(floats, halves);
        else WritePlainly(floats, halves);
    }

    /// <summary>The same in C#.</summary>
    public static void WritePlainly(ReadOnlySpan<float> floats, ushort* halves)
    {
        TensorPrimitives.ConvertToHalf(floats, new Span<Half>(halves, floats.Length));
        for (var i = 0; i < floats.Length; i += Vector256<ushort>.Count)
        {
            var half = Vector256.Load(halves + i);
            var magnitude = Vector256.Min(half & Vector256.Create(MagnitudeBits), Vector256.Create(LargestBits));
            (magnitude | (half & Vector256.Create(SignBit))).Store(halves + i);
        }
    }

    [SkipLocalsInit]
    private static void WriteByCode(ReadOnlySpan<float> floats, ushort* halves)
    {
        var bounds = stackalloc float[] { (float)Half.MaxValue, (float)Half.MinValue };
        var function = (delegate* unmanaged[SuppressGCTransition]<float*, ushort*, long, float*, void>)Written;
        fixed (float* source = floats) function(source, halves, floats.Length / Lanes, bounds);
    }
}
