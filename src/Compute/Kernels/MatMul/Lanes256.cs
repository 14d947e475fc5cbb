using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Eight rows at a time: AVX2 with FMA.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<int>, Vector256<float>>
{
    public static int Count => 8;

    public static Vector256<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* words) => Vector256.Load((int*)words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* values) => Vector256.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadF16(byte* values)
    {
        // The sign travels with the widening; the shift puts the fraction in place and the exponent 112 too low.
        var bits = Avx2.ConvertToVector256Int32((short*)values) << 13;
        return (bits & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector256.Create(Half2Single.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBF16(byte* values) =>
        (Avx2.ConvertToVector256Int32((ushort*)values) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* values, Vector256<float> vector) => vector.Store(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Spread(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> bytes) => bytes & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> bytes) => (bytes >>> 4) & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FifthBits(Vector256<int> words, int quad) =>
        ((((words >>> (4 * quad)) & Vector256.Create(15)) * 0x00204081) & Vector256.Create(0x01010101)) << 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot4(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
        var sum = Pairs(q0, x) + Pairs(q1, x + 4) + Pairs(q2, x + 8) + Pairs(q3, x + 12)
            + Pairs(q4, x + 16) + Pairs(q5, x + 20) + Pairs(q6, x + 24) + Pairs(q7, x + 28);
        return Avx.ConvertToVector256Single(Widen(sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot5(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        // Four sums of two products: 4 * 2 * 31 * 127 = 31 496 fits 16 bits, eight do not.
        var low = Pairs(q0, x) + Pairs(q1, x + 4) + Pairs(q2, x + 8) + Pairs(q3, x + 12);
        var high = Pairs(q4, x + 16) + Pairs(q5, x + 20) + Pairs(q6, x + 24) + Pairs(q7, x + 28);
        return Avx.ConvertToVector256Single(Widen(low) + Widen(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot8(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        var sum = Widen(SignedPairs(q0, x)) + Widen(SignedPairs(q1, x + 4))
            + Widen(SignedPairs(q2, x + 8)) + Widen(SignedPairs(q3, x + 12))
            + Widen(SignedPairs(q4, x + 16)) + Widen(SignedPairs(q5, x + 20))
            + Widen(SignedPairs(q6, x + 24)) + Widen(SignedPairs(q7, x + 28));
        return Avx.ConvertToVector256Single(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Fma.MultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplySubtract(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Fma.MultiplySubtract(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<int> quads, sbyte* x) =>
        Avx2.MultiplyAddAdjacent(quads.AsByte(), Vector256.Create(*(int*)x).AsSByte());

    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> SignedPairs(Vector256<int> quads, sbyte* x) =>
        Avx2.MultiplyAddAdjacent(
            Avx2.Abs(quads.AsSByte()), Avx2.Sign(Vector256.Create(*(int*)x).AsSByte(), quads.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) =>
        Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
}
