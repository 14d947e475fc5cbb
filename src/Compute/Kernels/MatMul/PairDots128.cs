using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>SSSE3: products of pairs, summed in 16 bits.</summary>
internal readonly unsafe struct PairDots128 : IDots<Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits, eight do not.
        var low = (Pairs(q0, x) + Pairs(q1, x + 4)) + (Pairs(q2, x + 8) + Pairs(q3, x + 12));
        var high = (Pairs(q4, x + 16) + Pairs(q5, x + 20)) + (Pairs(q6, x + 24) + Pairs(q7, x + 28));
        return Widen(low) + Widen(high);
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
    public static Vector128<int> Magnitudes(Vector128<int> quad) => Ssse3.Abs(quad.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(
        Vector128<int> m0, Vector128<int> m1, Vector128<int> m2, Vector128<int> m3,
        Vector128<int> m4, Vector128<int> m5, Vector128<int> m6, Vector128<int> m7,
        Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3,
        Vector128<int> s4, Vector128<int> s5, Vector128<int> s6, Vector128<int> s7,
        Vector128<int> correction, byte* words, sbyte* x) =>
        ((Signed(m0, words, x) + Signed(m1, words + 16, x + 4))
            + (Signed(m2, words + 32, x + 8) + Signed(m3, words + 48, x + 12)))
            + ((Signed(m4, words + 64, x + 16) + Signed(m5, words + 80, x + 20))
            + (Signed(m6, words + 96, x + 24) + Signed(m7, words + 112, x + 28)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quad(byte* words, int quad) =>
        Magnitudes(Vector128.Load((int*)(words + (16 * quad))));

    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Signed(Vector128<int> magnitudes, byte* quad, sbyte* x) =>
        Widen(Ssse3.MultiplyAddAdjacent(
            magnitudes.AsByte(), Ssse3.Sign(Vector128.Create(*(int*)x).AsSByte(), Vector128.Load((sbyte*)quad))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<int> quad, sbyte* x) =>
        Ssse3.MultiplyAddAdjacent(quad.AsByte(), Vector128.Create(*(int*)x).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen(Vector128<short> pairs) =>
        Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One);
}
