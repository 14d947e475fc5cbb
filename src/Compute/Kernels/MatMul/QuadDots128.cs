using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Arm's dot product of four signed bytes per lane; elsewhere the same in portable operations.</summary>
internal readonly unsafe struct QuadDots128 : IDots<Vector128<int>>
{
    public static float SignedOffset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        var low = Add(Add(Add(Add(default, q0, x), q1, x + 4), q2, x + 8), q3, x + 12);
        var high = Add(Add(Add(Add(default, q4, x + 16), q5, x + 20), q6, x + 24), q7, x + 28);
        return low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot5(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x) =>
        Dot4(q0, q1, q2, q3, q4, q5, q6, q7, x);

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
    public static Vector128<int> Magnitudes(Vector128<int> quad) => quad;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Signs(Vector128<int> quad) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Correction(
        Vector128<int> m0, Vector128<int> m1, Vector128<int> m2, Vector128<int> m3,
        Vector128<int> m4, Vector128<int> m5, Vector128<int> m6, Vector128<int> m7,
        Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3,
        Vector128<int> s4, Vector128<int> s5, Vector128<int> s6, Vector128<int> s7) =>
        default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot8(
        Vector128<int> m0, Vector128<int> m1, Vector128<int> m2, Vector128<int> m3,
        Vector128<int> m4, Vector128<int> m5, Vector128<int> m6, Vector128<int> m7,
        Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3,
        Vector128<int> s4, Vector128<int> s5, Vector128<int> s6, Vector128<int> s7,
        Vector128<int> correction, byte* words, sbyte* x) =>
        Dot4(m0, m1, m2, m3, m4, m5, m6, m7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quad(byte* words, int quad) =>
        Magnitudes(Vector128.Load((int*)(words + (16 * quad))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Add(Vector128<int> sum, Vector128<int> quad, sbyte* x)
    {
        var spread = Vector128.Create(*(int*)x);
        return Dp.IsSupported
            ? Dp.DotProduct(sum, quad.AsSByte(), spread.AsSByte())
            : sum + Twin(quad, spread);
    }

    /// <summary>The instruction's twin: even and odd bytes multiplied in 16 bits, then pairs summed in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Twin(Vector128<int> a, Vector128<int> b)
    {
        var even = ((a.AsInt16() << 8) >> 8) * ((b.AsInt16() << 8) >> 8);
        var odd = (a.AsInt16() >> 8) * (b.AsInt16() >> 8);
        return Sum(even) + Sum(odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum(Vector128<short> products) =>
        ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
}
