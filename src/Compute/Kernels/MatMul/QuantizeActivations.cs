using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Minka.Compute.Cpu;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Rounds activations to int8 blocks of 32. The same bits on every tier.</summary>
internal static unsafe partial class QuantizeActivations
{
    // Adding 1.5 * 2^23 to a small float leaves the nearest integer, ties to even, in its low bits.
    private const float Rounder = 12582912f;

    /// <summary>Consecutive blocks of one token.</summary>
    /// <param name="x"><c>[32 * count]</c>.</param>
    /// <param name="count">Blocks.</param>
    /// <param name="target">Receives the first block.</param>
    /// <param name="step">Blocks from one to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // so that the first token is not slow
    public static void Quantize(float* x, int count, ActivationBlock* target, nint step)
    {
        var vectors = InstructionTiers.VectorBits;
        for (int blocks; vectors == 512 && count >= 4; count -= blocks)
        {
            blocks = Math.Min(count & ~3, BlocksAhead);
            Fours(x, blocks, target, step);
            x += blocks * ActivationBlock.Length;
            target += blocks * step;
        }
        Singly(x, count, target, step);
    }

    /// <summary>The same, one block at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Singly(float* x, int count, ActivationBlock* target, nint step)
    {
        for (var end = x + (count * ActivationBlock.Length); x < end; x += ActivationBlock.Length, target += step)
        {
            var (v0, v1) = (Vector256.Load(x), Vector256.Load(x + 8));
            var (v2, v3) = (Vector256.Load(x + 16), Vector256.Load(x + 24));
            var max = Largest(Vector256.Max(Larger(v0, v1), Larger(v2, v3)));
            var inverse = Vector256.Create(max == 0 ? 0 : 127 / max);
            var scale = max / 127;

            var (i0, i1, i2, i3) = (Round(v0 * inverse), Round(v1 * inverse), Round(v2 * inverse), Round(v3 * inverse));
            Narrow(i0, i1, i2, i3).Store((sbyte*)&target->Values);
            target->Scale = scale;
            var sum = Vector256.Sum((i0 + i1) + (i2 + i3));
            target->Offset = 8 * scale * sum;
            target->Surplus = -128 * sum;
        }
    }

    // Bits of magnitudes rise with them, and those of a NaN are above all: one operation, where floats take several.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Larger(Vector256<float> a, Vector256<float> b) =>
        Vector256.Max(a.AsInt32() & Vector256.Create(int.MaxValue), b.AsInt32() & Vector256.Create(int.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(Vector256<float> v) =>
        (v + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(Rounder).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Narrow(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        if (!Avx2.IsSupported) return Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));

        // The packs work in halves: quads come out as a0 b0 c0 d0 a1 b1 c1 d1.
        var quads = Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d));
        return Avx2.PermuteVar8x32(quads.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<int> v)
    {
        var four = Vector128.Max(v.GetLower(), v.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var one = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)));
        return one.AsSingle().ToScalar();
    }
}
