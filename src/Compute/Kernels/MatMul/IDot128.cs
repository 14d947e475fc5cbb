using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Products of 16 columns of four rows with 16 signed bytes: where CPUs of 128 bits differ.</summary>
internal unsafe interface IDot128
{
    /// <summary>Columns unsigned, at most 15.</summary>
    static abstract Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x);

    /// <summary>Columns unsigned, at most 31.</summary>
    static abstract Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x);

    /// <summary>Columns signed.</summary>
    static abstract Vector128<int> Dot8(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x);
}

/// <summary>SSSE3: products of pairs, summed in 16 bits.</summary>
internal readonly unsafe struct PairDot : IDot128
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        Dot5(q0, q1, q2, q3, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits.
        Widen(Pairs(q0, x) + Pairs(q1, x + 4) + Pairs(q2, x + 8) + Pairs(q3, x + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        Widen(SignedPairs(q0, x)) + Widen(SignedPairs(q1, x + 4))
            + Widen(SignedPairs(q2, x + 8)) + Widen(SignedPairs(q3, x + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<int> quads, sbyte* x) =>
        Ssse3.MultiplyAddAdjacent(quads.AsByte(), Vector128.Create(*(int*)x).AsSByte());

    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> SignedPairs(Vector128<int> quads, sbyte* x) =>
        Ssse3.MultiplyAddAdjacent(
            Ssse3.Abs(quads.AsSByte()), Ssse3.Sign(Vector128.Create(*(int*)x).AsSByte(), quads.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen(Vector128<short> pairs) =>
        Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One);
}

/// <summary>Arm's dot product of four signed bytes per lane; elsewhere the same in portable operations.</summary>
internal readonly unsafe struct QuadDot : IDot128
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        Dot8(q0, q1, q2, q3, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        Dot8(q0, q1, q2, q3, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3, sbyte* x) =>
        Add(Add(Add(Add(Vector128<int>.Zero, q0, x), q1, x + 4), q2, x + 8), q3, x + 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Add(Vector128<int> sum, Vector128<int> quads, sbyte* x)
    {
        var spread = Vector128.Create(*(int*)x);
        return Dp.IsSupported
            ? Dp.DotProduct(sum, quads.AsSByte(), spread.AsSByte())
            : sum + Portable(quads, spread);
    }

    /// <summary>The instruction's twin: even and odd bytes multiplied in 16 bits, then pairs summed in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Portable(Vector128<int> a, Vector128<int> b)
    {
        var even = ((a.AsInt16() << 8) >> 8) * ((b.AsInt16() << 8) >> 8);
        var odd = (a.AsInt16() >> 8) * (b.AsInt16() >> 8);
        return Pair(even) + Pair(odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Pair(Vector128<short> products) =>
        ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
}
