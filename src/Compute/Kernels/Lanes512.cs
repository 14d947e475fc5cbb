using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels;

/// <summary>Sixteen floats in 512 bits.</summary>
internal readonly unsafe partial struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => 16;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalves(ushort* source) =>
        LoadSmallHalves(source) * Vector512.Create(HalfBits.Unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSmallHalves(ushort* source) =>
        ((Widen((short*)source) << 13) & Vector512.Create(HalfBits.Mask)).AsSingle();

    // A word times 2^13 or 0, and its neighbour times 0 or 2^13, added up, are one of them, extended and shifted.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadSmallHalves(ushort* source, out Vector512<float> even, out Vector512<float> odd)
    {
        var (words, mask) = (Vector512.Load((short*)source), Vector512.Create(HalfBits.Mask));
        var extended = Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(words, Vector512.Create(1 << 13).AsInt16())
            : words.AsInt32() << 16 >> 3;
        even = (extended & mask).AsSingle();
        odd = ((words.AsInt32() >> 3) & mask).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part(ref Vector512<float> left, ref Vector512<float> right)
    {
        var indices = Vector512<int>.Indices << 1;
        (left, right) = (Pick(left, right, indices), Pick(left, right, indices + Vector512<int>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Join(ref Vector512<float> even, ref Vector512<float> odd)
    {
        var indices = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        (even, odd) = (Pick(even, odd, indices), Pick(even, odd, indices + Vector512.Create(8)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBytes(sbyte* source) => Vector512.ConvertToSingle(Widen(source));

    public static void Store(float* target, Vector512<float> value) => value.Store(target);

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);

    public static Vector512<float> Round(Vector512<float> a) => Vector512.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ScaleByPower(Vector512<float> a, Vector512<float> n)
    {
        if (Avx512F.IsSupported) return Avx512F.Scale(a, n);
        var scaled = a.AsInt32() + (Vector512.ConvertToInt32Native(n) << 23);
        return scaled.AsSingle() & Vector512.GreaterThan(n, Vector512.Create(-126f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SwapPairs(Vector512<float> a) =>
        Vector512.Shuffle(a, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadTwice(float* source) => Vector512.Shuffle(
        Vector256.Load(source).ToVector512Unsafe(),
        Vector512.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> a) => Lanes256.Sum(a.GetLower() + a.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> a) =>
        Lanes256.Largest(Vector256.MaxNative(a.GetLower(), a.GetUpper()));

    /// <summary>Lanes of two registers: the second's count from 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pick(Vector512<float> a, Vector512<float> b, Vector512<int> indices)
    {
        if (Avx512F.IsSupported) return Avx512F.PermuteVar16x32x2(a, indices, b);
        var isB = Vector512.GreaterThan(indices, Vector512.Create(15));
        return Vector512.ConditionalSelect(
            isB.AsSingle(), Vector512.Shuffle(b, indices - Vector512.Create(16)), Vector512.Shuffle(a, indices));
    }

    /// <summary>16 signed 16-bit numbers as 32-bit ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(short* source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load(source))
        : Vector512.Create(Lanes256.Widen(source), Lanes256.Widen(source + 8));

    /// <summary>16 signed bytes as 32-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(sbyte* source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(source))
        : Vector512.Create(Lanes256.Widen(source), Lanes256.Widen(source + 8));
}
