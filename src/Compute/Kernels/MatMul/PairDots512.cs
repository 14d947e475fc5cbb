using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>AVX-512BW: products of pairs, summed in 16 bits.</summary>
internal readonly unsafe struct PairDots512 : IDots<Vector512<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot4(
        Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, Vector512<int> q3,
        Vector512<int> q4, Vector512<int> q5, Vector512<int> q6, Vector512<int> q7, sbyte* x)
    {
        // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot5(
        Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, Vector512<int> q3,
        Vector512<int> q4, Vector512<int> q5, Vector512<int> q6, Vector512<int> q7, sbyte* x)
    {
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits, eight do not.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low) + Widen(high);
    }

    // Two halves: there is no sign instruction at 512 bits, and one token does not repay preparing the weights.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot8(byte* words, sbyte* x) =>
        Vector512.Create(PairDots256.Dot8(words, 64, x), PairDots256.Dot8(words + 32, 64, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Magnitudes(Vector512<int> quad) => Avx512BW.Abs(quad.AsSByte()).AsInt32();

    // All ones where a weight is negative.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Signs(Vector512<int> quad) =>
        Vector512.LessThan(quad.AsSByte(), Vector512<sbyte>.Zero).AsInt32();

    // With all its bits turned an activation is one less than its negative, so a product lacks the magnitudes of the
    // negative weights, which are the same for every token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Correction(
        Vector512<int> m0, Vector512<int> m1, Vector512<int> m2, Vector512<int> m3,
        Vector512<int> m4, Vector512<int> m5, Vector512<int> m6, Vector512<int> m7,
        Vector512<int> s0, Vector512<int> s1, Vector512<int> s2, Vector512<int> s3,
        Vector512<int> s4, Vector512<int> s5, Vector512<int> s6, Vector512<int> s7) =>
        // Eight sums of two magnitudes: 8 * 2 * 128 fits 16 bits. A sign of all ones is -1.
        Vector512<int>.Zero - Widen(
            ((Negatives(m0, s0) + Negatives(m1, s1)) + (Negatives(m2, s2) + Negatives(m3, s3)))
            + ((Negatives(m4, s4) + Negatives(m5, s5)) + (Negatives(m6, s6) + Negatives(m7, s7))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Negatives(Vector512<int> magnitudes, Vector512<int> signs) =>
        Avx512BW.MultiplyAddAdjacent(magnitudes.AsByte(), signs.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot8(
        Vector512<int> m0, Vector512<int> m1, Vector512<int> m2, Vector512<int> m3,
        Vector512<int> m4, Vector512<int> m5, Vector512<int> m6, Vector512<int> m7,
        Vector512<int> s0, Vector512<int> s1, Vector512<int> s2, Vector512<int> s3,
        Vector512<int> s4, Vector512<int> s5, Vector512<int> s6, Vector512<int> s7,
        Vector512<int> correction, byte* words, sbyte* x) =>
        ((correction + Turned(m0, s0, x)) + (Turned(m1, s1, x + 4) + Turned(m2, s2, x + 8)))
            + ((Turned(m3, s3, x + 12) + Turned(m4, s4, x + 16)) + (Turned(m5, s5, x + 20) + Turned(m6, s6, x + 24)))
            + Turned(m7, s7, x + 28);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Turned(Vector512<int> magnitudes, Vector512<int> signs, sbyte* x) =>
        Widen(Avx512BW.MultiplyAddAdjacent(
            magnitudes.AsByte(), (Vector512.Create(*(int*)x) ^ signs).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<int> quad, sbyte* x) =>
        Avx512BW.MultiplyAddAdjacent(quad.AsByte(), Vector512.Create(*(int*)x).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) =>
        Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One);
}
