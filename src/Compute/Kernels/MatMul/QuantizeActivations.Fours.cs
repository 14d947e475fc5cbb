using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <remarks>Four blocks at a time in 512 bits: what is one number of a block is one lane for all four.</remarks>
internal static unsafe partial class QuantizeActivations
{
    /// <summary>Blocks, a multiple of four, whose scales are found before any of them is rounded.</summary>
    private const int BlocksAhead = 32;

    // A block's scale takes long to find and all that follows waits for it: many searches overlap, then many roundings.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fours(float* x, int count, ActivationBlock* target, nint step)
    {
        var scales = stackalloc float[2 * BlocksAhead];
        var inverses = scales + BlocksAhead;
        for (var i = 0; i < count; i += 4)
        {
            var first = x + i * ActivationBlock.Length;
            var max = Largest(Larger(first), Larger(first + 32), Larger(first + 64), Larger(first + 96));
            var inverse = Vector128.AndNot(Vector128.Create(127f) / max, Vector128.Equals(max, Vector128<float>.Zero));
            inverse.Store(inverses + i);
            (max / Vector128.Create(127f)).Store(scales + i);
        }
        for (var end = scales + count; scales < end; scales += 4, inverses += 4, x += 128, target += 4 * step)
            Four(x, inverses, Vector128.Load(scales), target, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* x, float* inverses, Vector128<float> scales, ActivationBlock* target, nint step)
    {
        Round(x, inverses, out var a0, out var a1);
        Round(x + 32, inverses + 1, out var b0, out var b1);
        Narrow(a0, a1, b0, b1, target, target + step);
        Round(x + 64, inverses + 2, out var c0, out var c1);
        Round(x + 96, inverses + 3, out var d0, out var d1);
        Narrow(c0, c1, d0, d1, target + 2 * step, target + 3 * step);

        var sums = Sum(a0 + a1, b0 + b1, c0 + c1, d0 + d1);
        var offsets = Vector128.Create(8f) * scales * Vector128.ConvertToSingle(sums);
        var surpluses = -(sums << 7);
        var (two, next) = (Sse.UnpackLow(scales, offsets).AsDouble(), Sse.UnpackHigh(scales, offsets).AsDouble());
        Sse2.StoreLow((double*)&target->Scale, two);
        target->Surplus = surpluses[0];
        target += step;
        Sse2.StoreHigh((double*)&target->Scale, two);
        target->Surplus = surpluses[1];
        target += step;
        Sse2.StoreLow((double*)&target->Scale, next);
        target->Surplus = surpluses[2];
        target += step;
        Sse2.StoreHigh((double*)&target->Scale, next);
        target->Surplus = surpluses[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Larger(float* x) => Vector512.Max(
        Vector512.Load((int*)x) & Vector512.Create(int.MaxValue),
        Vector512.Load((int*)x + 16) & Vector512.Create(int.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(float* x, float* inverse, out Vector512<int> left, out Vector512<int> right)
    {
        Vector512<float> scale = Vector512.Create(*inverse), rounder = Vector512.Create(Rounder);
        left = (Vector512.Load(x) * scale + rounder).AsInt32() - rounder.AsInt32();
        right = (Vector512.Load(x + 16) * scale + rounder).AsInt32() - rounder.AsInt32();
    }

    // The packs work in quarters: quads come out as 0 4 8 12, 1 5 9 13 and so on, b's from 8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(
        Vector512<int> a0, Vector512<int> a1, Vector512<int> b0, Vector512<int> b1,
        ActivationBlock* a, ActivationBlock* b)
    {
        var quads = Avx512BW.PackSignedSaturate(
            Avx512BW.PackSignedSaturate(a0, a1), Avx512BW.PackSignedSaturate(b0, b1)).AsInt32();
        var both = Avx512F.PermuteVar16x32(
            quads, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        both.GetLower().Store((int*)&a->Values);
        both.GetUpper().Store((int*)&b->Values);
    }

    /// <summary>The largest lane of each of four vectors, as a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Largest(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        var ab = Vector512.Max(Avx512F.UnpackLow(a, b), Avx512F.UnpackHigh(a, b)).AsInt64();
        var cd = Vector512.Max(Avx512F.UnpackLow(c, d), Avx512F.UnpackHigh(c, d)).AsInt64();
        var all = Vector512.Max(Avx512F.UnpackLow(ab, cd).AsInt32(), Avx512F.UnpackHigh(ab, cd).AsInt32());
        var half = Vector256.Max(all.GetLower(), all.GetUpper());
        return Vector128.Max(half.GetLower(), half.GetUpper()).AsSingle();
    }

    /// <summary>The sum of the lanes of each of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        var ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64();
        var cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
        var all = Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
        var half = all.GetLower() + all.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
