using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>
/// Arm without dot products (Cortex-A53, A72): bytes are multiplied into 16 bits and summed there while they fit.
/// </summary>
/// <remarks>Low registers hold sums of rows 0 and 1 for each column of a quad, high ones those of rows 2 and 3.
/// Activations are -127 to 127.</remarks>
internal readonly unsafe struct LongDots128 : IDots<Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        // Eight products and then two such sums: 2 * 8 * 15 * 127 = 30 480 fits 16 bits.
        var (low, high) = Sums(q0, q1, q2, q3, q4, q5, q6, q7, x);
        return AdvSimd.AddPairwiseWidening(AdvSimd.Arm64.AddPairwise(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        // Eight products: 8 * 31 * 127 = 31 496 fits 16 bits, two such sums do not.
        var (low, high) = Sums(q0, q1, q2, q3, q4, q5, q6, q7, x);
        return AdvSimd.Arm64.AddPairwise(AdvSimd.AddPairwiseWidening(low), AdvSimd.AddPairwiseWidening(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(byte* words, sbyte* x)
    {
        var (q0, q1, q2, q3) = (Quad(words, 0), Quad(words, 1), Quad(words, 2), Quad(words, 3));
        var (q4, q5, q6, q7) = (Quad(words, 4), Quad(words, 5), Quad(words, 6), Quad(words, 7));
        return Dot8(
            q0, q1, q2, q3, q4, q5, q6, q7,
            default, default, default, default, default, default, default, default, default, words, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(
        Vector128<int> m0, Vector128<int> m1, Vector128<int> m2, Vector128<int> m3,
        Vector128<int> m4, Vector128<int> m5, Vector128<int> m6, Vector128<int> m7,
        Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3,
        Vector128<int> s4, Vector128<int> s5, Vector128<int> s6, Vector128<int> s7,
        Vector128<int> correction, byte* words, sbyte* x)
    {
        // Two products: 2 * 128 * 127 = 32 512 fits 16 bits, three do not.
        Vector128<int> left = Vector128.Load((int*)x), right = Vector128.Load((int*)(x + 16));
        Vector128<sbyte> x0 = Spread(left, 0), x1 = Spread(left, 1), x2 = Spread(left, 2), x3 = Spread(left, 3);
        Vector128<sbyte> x4 = Spread(right, 0), x5 = Spread(right, 1), x6 = Spread(right, 2), x7 = Spread(right, 3);
        var low = AdvSimd.AddPairwiseWidening(AddLow(Low(m0, x0), m1, x1));
        var high = AdvSimd.AddPairwiseWidening(AddHigh(High(m0, x0), m1, x1));
        low = AdvSimd.AddPairwiseWideningAndAdd(low, AddLow(Low(m2, x2), m3, x3));
        high = AdvSimd.AddPairwiseWideningAndAdd(high, AddHigh(High(m2, x2), m3, x3));
        low = AdvSimd.AddPairwiseWideningAndAdd(low, AddLow(Low(m4, x4), m5, x5));
        high = AdvSimd.AddPairwiseWideningAndAdd(high, AddHigh(High(m4, x4), m5, x5));
        low = AdvSimd.AddPairwiseWideningAndAdd(low, AddLow(Low(m6, x6), m7, x7));
        high = AdvSimd.AddPairwiseWideningAndAdd(high, AddHigh(High(m6, x6), m7, x7));
        return AdvSimd.Arm64.AddPairwise(low, high);
    }

    /// <summary>Sums over the quads for each row and each column of a quad: two rows, and the other two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<short> Low, Vector128<short> High) Sums(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        Vector128<int> left = Vector128.Load((int*)x), right = Vector128.Load((int*)(x + 16));
        Vector128<sbyte> x0 = Spread(left, 0), x1 = Spread(left, 1), x2 = Spread(left, 2), x3 = Spread(left, 3);
        Vector128<sbyte> x4 = Spread(right, 0), x5 = Spread(right, 1), x6 = Spread(right, 2), x7 = Spread(right, 3);
        var low = AddLow(AddLow(AddLow(Low(q0, x0), q1, x1), q2, x2), q3, x3);
        var high = AddHigh(AddHigh(AddHigh(High(q0, x0), q1, x1), q2, x2), q3, x3);
        low = AddLow(AddLow(AddLow(AddLow(low, q4, x4), q5, x5), q6, x6), q7, x7);
        high = AddHigh(AddHigh(AddHigh(AddHigh(high, q4, x4), q5, x5), q6, x6), q7, x7);
        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quad(byte* words, int quad) => Vector128.Load((int*)(words + (16 * quad)));

    // Four activations, for each of the four rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Spread(Vector128<int> x, [ConstantExpected(Max = (byte)3)] byte quad) =>
        AdvSimd.DuplicateSelectedScalarToVector128(x, quad).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Low(Vector128<int> quad, Vector128<sbyte> x) =>
        AdvSimd.MultiplyWideningLower(quad.AsSByte().GetLower(), x.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> High(Vector128<int> quad, Vector128<sbyte> x) =>
        AdvSimd.MultiplyWideningUpper(quad.AsSByte(), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddLow(Vector128<short> sum, Vector128<int> quad, Vector128<sbyte> x) =>
        AdvSimd.MultiplyWideningLowerAndAdd(sum, quad.AsSByte().GetLower(), x.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddHigh(Vector128<short> sum, Vector128<int> quad, Vector128<sbyte> x) =>
        AdvSimd.MultiplyWideningUpperAndAdd(sum, quad.AsSByte(), x);
}
