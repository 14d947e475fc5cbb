using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Sixteen rows at a time: AVX-512 (F, BW, DQ, VL).</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<int>, Vector512<float>>
{
    public static int Count => 16;

    public static Vector512<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(byte* words) => Vector512.Load((int*)words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* values) => Vector512.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadF16(byte* values)
    {
        // The sign travels with the widening; the shift puts the fraction in place and the exponent 112 too low.
        var bits = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)values)) << 13;
        return (bits & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(Half2Single.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBF16(byte* values) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)values)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* values, Vector512<float> vector) => vector.Store(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Spread(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowNibbles(Vector512<int> bytes) => bytes & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighNibbles(Vector512<int> bytes) => (bytes >>> 4) & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FifthBits(Vector512<int> words, int quad) =>
        ((((words >>> (4 * quad)) & Vector512.Create(15)) * 0x00204081) & Vector512.Create(0x01010101)) << 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Dot4(
        Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, Vector512<int> q3,
        Vector512<int> q4, Vector512<int> q5, Vector512<int> q6, Vector512<int> q7, sbyte* x)
    {
        // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
        var sum = Pairs(q0, x) + Pairs(q1, x + 4) + Pairs(q2, x + 8) + Pairs(q3, x + 12)
            + Pairs(q4, x + 16) + Pairs(q5, x + 20) + Pairs(q6, x + 24) + Pairs(q7, x + 28);
        return Avx512F.ConvertToVector512Single(Widen(sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Dot5(
        Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, Vector512<int> q3,
        Vector512<int> q4, Vector512<int> q5, Vector512<int> q6, Vector512<int> q7, sbyte* x)
    {
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits, eight do not.
        var low = Pairs(q0, x) + Pairs(q1, x + 4) + Pairs(q2, x + 8) + Pairs(q3, x + 12);
        var high = Pairs(q4, x + 16) + Pairs(q5, x + 20) + Pairs(q6, x + 24) + Pairs(q7, x + 28);
        return Avx512F.ConvertToVector512Single(Widen(low) + Widen(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Dot8(
        Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, Vector512<int> q3,
        Vector512<int> q4, Vector512<int> q5, Vector512<int> q6, Vector512<int> q7, sbyte* x)
    {
        var sum = Widen(SignedPairs(q0, x)) + Widen(SignedPairs(q1, x + 4))
            + Widen(SignedPairs(q2, x + 8)) + Widen(SignedPairs(q3, x + 12))
            + Widen(SignedPairs(q4, x + 16)) + Widen(SignedPairs(q5, x + 20))
            + Widen(SignedPairs(q6, x + 24)) + Widen(SignedPairs(q7, x + 28));
        return Avx512F.ConvertToVector512Single(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplySubtract(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplySubtract(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<int> quads, sbyte* x) =>
        Avx512BW.MultiplyAddAdjacent(quads.AsByte(), Vector512.Create(*(int*)x).AsSByte());

    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> SignedPairs(Vector512<int> quads, sbyte* x)
    {
        var negative = Vector512.LessThan(quads.AsSByte(), Vector512<sbyte>.Zero);
        var signed = (Vector512.Create(*(int*)x).AsSByte() ^ negative) - negative;
        return Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(quads.AsSByte()), signed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) =>
        Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One);
}
