using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>AVX2: products of pairs, summed in 16 bits.</summary>
internal readonly unsafe struct PairDots256 : IDots<Vector256<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot4(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot5(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits, eight do not.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low) + Widen(high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot8(byte* words, sbyte* x) => Dot8(words, 32, x);

    /// <summary>The same for eight rows of a group that may be wider.</summary>
    /// <param name="words">The first quad.</param>
    /// <param name="stride">Bytes from one quad to the next.</param>
    /// <param name="x">32 signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot8(byte* words, int stride, sbyte* x) =>
        ((Signed(words, x) + Signed(words + stride, x + 4))
            + (Signed(words + (2 * stride), x + 8) + Signed(words + (3 * stride), x + 12)))
            + ((Signed(words + (4 * stride), x + 16) + Signed(words + (5 * stride), x + 20))
            + (Signed(words + (6 * stride), x + 24) + Signed(words + (7 * stride), x + 28)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Magnitudes(Vector256<int> quad) => Avx2.Abs(quad.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot8(
        Vector256<int> m0, Vector256<int> m1, Vector256<int> m2, Vector256<int> m3,
        Vector256<int> m4, Vector256<int> m5, Vector256<int> m6, Vector256<int> m7,
        Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3,
        Vector256<int> s4, Vector256<int> s5, Vector256<int> s6, Vector256<int> s7,
        Vector256<int> correction, byte* words, sbyte* x) =>
        ((Signed(m0, words, x) + Signed(m1, words + 32, x + 4))
            + (Signed(m2, words + 64, x + 8) + Signed(m3, words + 96, x + 12)))
            + ((Signed(m4, words + 128, x + 16) + Signed(m5, words + 160, x + 20))
            + (Signed(m6, words + 192, x + 24) + Signed(m7, words + 224, x + 28)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(byte* quad, sbyte* x) =>
        Signed(Magnitudes(Vector256.Load((int*)quad)), quad, x);

    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(Vector256<int> magnitudes, byte* quad, sbyte* x) =>
        Widen(Avx2.MultiplyAddAdjacent(
            magnitudes.AsByte(), Avx2.Sign(Vector256.Create(*(int*)x).AsSByte(), Vector256.Load((sbyte*)quad))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<int> quad, sbyte* x) =>
        Avx2.MultiplyAddAdjacent(quad.AsByte(), Vector256.Create(*(int*)x).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) =>
        Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
}
