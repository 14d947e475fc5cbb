using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Arm's dot product of four signed bytes per lane; elsewhere the same in portable operations.</summary>
internal readonly unsafe struct QuadDots128 : IDots<Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(
        Vector128<int> q0, Vector128<int> q1, Vector128<int> q2, Vector128<int> q3,
        Vector128<int> q4, Vector128<int> q5, Vector128<int> q6, Vector128<int> q7, sbyte* x)
    {
        var (low, high) = (default(Vector128<int>), default(Vector128<int>));
        if (Dp.IsSupported)
        {
            // One instruction takes its four activations out of sixteen.
            Vector128<sbyte> left = Vector128.Load(x), right = Vector128.Load(x + 16);
            low = Dp.DotProductBySelectedQuadruplet(low, q0.AsSByte(), left, 0);
            high = Dp.DotProductBySelectedQuadruplet(high, q4.AsSByte(), right, 0);
            low = Dp.DotProductBySelectedQuadruplet(low, q1.AsSByte(), left, 1);
            high = Dp.DotProductBySelectedQuadruplet(high, q5.AsSByte(), right, 1);
            low = Dp.DotProductBySelectedQuadruplet(low, q2.AsSByte(), left, 2);
            high = Dp.DotProductBySelectedQuadruplet(high, q6.AsSByte(), right, 2);
            low = Dp.DotProductBySelectedQuadruplet(low, q3.AsSByte(), left, 3);
            high = Dp.DotProductBySelectedQuadruplet(high, q7.AsSByte(), right, 3);
            return low + high;
        }
        low = Twin(q0, x) + Twin(q1, x + 4) + Twin(q2, x + 8) + Twin(q3, x + 12);
        high = Twin(q4, x + 16) + Twin(q5, x + 20) + Twin(q6, x + 24) + Twin(q7, x + 28);
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
    public static Vector128<int> Dot8(
        Vector128<int> m0, Vector128<int> m1, Vector128<int> m2, Vector128<int> m3,
        Vector128<int> m4, Vector128<int> m5, Vector128<int> m6, Vector128<int> m7,
        Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3,
        Vector128<int> s4, Vector128<int> s5, Vector128<int> s6, Vector128<int> s7,
        Vector128<int> correction, byte* words, sbyte* x) =>
        Dot4(m0, m1, m2, m3, m4, m5, m6, m7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quad(byte* words, int quad) =>
        Vector128.Load((int*)(words + (16 * quad)));

    /// <summary>The instruction's twin: even and odd bytes multiplied in 16 bits, then pairs summed in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Twin(Vector128<int> quad, sbyte* x)
    {
        var (a, b) = (quad.AsInt16(), Vector128.Create(*(int*)x).AsInt16());
        return Sum(((a << 8) >> 8) * ((b << 8) >> 8)) + Sum((a >> 8) * (b >> 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum(Vector128<short> products) =>
        ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
}
