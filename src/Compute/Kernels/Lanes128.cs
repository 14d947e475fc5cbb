using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Minka.Compute.Kernels;

/// <summary>Four floats in 128 bits.</summary>
internal readonly unsafe partial struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalves(ushort* source) =>
        LoadSmallHalves(source) * Vector128.Create(HalfBits.Unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadSmallHalves(ushort* source) =>
        AdvSimd.IsSupported
            ? (AdvSimd.ShiftLeftLogicalWideningLower(Vector64.Load((short*)source), 13)
                & Vector128.Create(HalfBits.Mask)).AsSingle()
            : ((Widen((short*)source) << 13) & Vector128.Create(HalfBits.Mask)).AsSingle();

    public static void LoadSmallHalves(ushort* source, out Vector128<float> even, out Vector128<float> odd) =>
        (even, odd) = (LoadSmallHalves(source), LoadSmallHalves(source + Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBytes(sbyte* source) => Vector128.ConvertToSingle(Widen(source));

    public static void Store(float* target, Vector128<float> value) => value.Store(target);

    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);

    public static Vector128<float> Round(Vector128<float> a) => Vector128.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ScaleByPower(Vector128<float> a, Vector128<float> n)
    {
        var scaled = a.AsInt32() + (Vector128.ConvertToInt32Native(n) << 23);
        return scaled.AsSingle() & Vector128.GreaterThan(n, Vector128.Create(-126f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SwapPairs(Vector128<float> a) =>
        Vector128.Shuffle(a, Vector128.Create(1, 0, 3, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadTwice(float* source) => Vector128.Shuffle(
        Vector128.CreateScalarUnsafe(*(double*)source).AsSingle(), Vector128.Create(0, 0, 1, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a)
    {
        var pairs = a + Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1));
        return (pairs + SwapPairs(pairs)).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> a)
    {
        var pairs = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, SwapPairs(pairs)).ToScalar();
    }

    /// <summary>4 signed 16-bit numbers as 32-bit ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(short* source) =>
        AdvSimd.IsSupported
            ? AdvSimd.SignExtendWideningLower(Vector64.Load(source))
            : Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16());

    /// <summary>4 signed bytes as 32-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte()));
}
