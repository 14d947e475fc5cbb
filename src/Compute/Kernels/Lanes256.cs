using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels;

/// <summary>Eight floats in 256 bits.</summary>
internal readonly unsafe partial struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalves(ushort* source) =>
        LoadSmallHalves(source) * Vector256.Create(HalfBits.Unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadSmallHalves(ushort* source) =>
        ((Widen((short*)source) << 13) & Vector256.Create(HalfBits.Mask)).AsSingle();

    public static void LoadSmallHalves(ushort* source, out Vector256<float> even, out Vector256<float> odd) =>
        (even, odd) = (LoadSmallHalves(source), LoadSmallHalves(source + Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBytes(sbyte* source) => Vector256.ConvertToSingle(Widen(source));

    public static void Store(float* target, Vector256<float> value) => value.Store(target);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    public static Vector256<float> Round(Vector256<float> a) => Vector256.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ScaleByPower(Vector256<float> a, Vector256<float> n)
    {
        var scaled = a.AsInt32() + (Vector256.ConvertToInt32Native(n) << 23);
        return scaled.AsSingle() & Vector256.GreaterThan(n, Vector256.Create(-126f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SwapPairs(Vector256<float> a) =>
        Vector256.Shuffle(a, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadTwice(float* source) => Vector256.Shuffle(
        Vector128.Load(source).ToVector256Unsafe(), Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a) => Lanes128.Sum(a.GetLower() + a.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> a) =>
        Lanes128.Largest(Vector128.MaxNative(a.GetLower(), a.GetUpper()));

    /// <summary>8 signed 16-bit numbers as 32-bit ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(short* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(Vector128.Load(source))
        : Vector256.Create(Lanes128.Widen(source), Lanes128.Widen(source + 4));

    /// <summary>8 signed bytes as 32-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(sbyte* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source)
        : Vector256.Create(Lanes128.Widen(source), Lanes128.Widen(source + 4));
}
