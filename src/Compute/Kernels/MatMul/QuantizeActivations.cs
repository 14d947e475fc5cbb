using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Rounds activations to int8 blocks of 32. The same bits on every tier.</summary>
internal static unsafe class QuantizeActivations
{
    // Adding 1.5 * 2^23 to a small float leaves the nearest integer, ties to even, in its low bits.
    private const float Rounder = 12582912f;

    /// <summary>One block.</summary>
    /// <param name="x">32 values.</param>
    /// <param name="block">Receives them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Quantize(float* x, ActivationBlock* block)
    {
        var (v0, v1) = (Vector256.Load(x), Vector256.Load(x + 8));
        var (v2, v3) = (Vector256.Load(x + 16), Vector256.Load(x + 24));
        var largest = Vector256.Max(
            Vector256.Max(Vector256.Abs(v0), Vector256.Abs(v1)), Vector256.Max(Vector256.Abs(v2), Vector256.Abs(v3)));
        var max = Largest(largest);
        var inverse = Vector256.Create(max == 0 ? 0 : 127 / max);

        var (i0, i1, i2, i3) = (Round(v0 * inverse), Round(v1 * inverse), Round(v2 * inverse), Round(v3 * inverse));
        Vector256.Narrow(Vector256.Narrow(i0, i1), Vector256.Narrow(i2, i3)).Store((sbyte*)&block->Values);
        block->Scale = max / 127;
        block->Offset = 8 * block->Scale * Vector256.Sum(i0 + i1 + i2 + i3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(Vector256<float> v) =>
        (v + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(Rounder).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> v)
    {
        var four = Vector128.Max(v.GetLower(), v.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
