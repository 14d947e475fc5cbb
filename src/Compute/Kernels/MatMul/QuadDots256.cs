using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>AVX-VNNI: four products of unsigned and signed bytes per lane; elsewhere the same in AVX2.</summary>
internal readonly unsafe struct QuadDots256 : IDots<Vector256<int>>
{
    public static float SignedOffset => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot4(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x)
    {
        var low = Add(Add(Add(Add(default, q0, x), q1, x + 4), q2, x + 8), q3, x + 12);
        var high = Add(Add(Add(Add(default, q4, x + 16), q5, x + 20), q6, x + 24), q7, x + 28);
        return low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot5(
        Vector256<int> q0, Vector256<int> q1, Vector256<int> q2, Vector256<int> q3,
        Vector256<int> q4, Vector256<int> q5, Vector256<int> q6, Vector256<int> q7, sbyte* x) =>
        Dot4(q0, q1, q2, q3, q4, q5, q6, q7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot8(byte* words, sbyte* x)
    {
        var (q0, q1, q2, q3) = (Quad(words, 0), Quad(words, 1), Quad(words, 2), Quad(words, 3));
        var (q4, q5, q6, q7) = (Quad(words, 4), Quad(words, 5), Quad(words, 6), Quad(words, 7));
        return Dot8(
            q0, q1, q2, q3, q4, q5, q6, q7,
            default, default, default, default, default, default, default, default, default, words, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Magnitudes(Vector256<int> quad) => quad ^ Vector256.Create(unchecked((int)0x80808080));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot8(
        Vector256<int> m0, Vector256<int> m1, Vector256<int> m2, Vector256<int> m3,
        Vector256<int> m4, Vector256<int> m5, Vector256<int> m6, Vector256<int> m7,
        Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3,
        Vector256<int> s4, Vector256<int> s5, Vector256<int> s6, Vector256<int> s7,
        Vector256<int> correction, byte* words, sbyte* x) =>
        Dot4(m0, m1, m2, m3, m4, m5, m6, m7, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quad(byte* words, int quad) =>
        Magnitudes(Vector256.Load((int*)(words + (32 * quad))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, Vector256<int> quad, sbyte* x)
    {
        var spread = Vector256.Create(*(int*)x);
        return AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(sum, quad.AsByte(), spread.AsSByte())
            : sum + Twin(quad, spread);
    }

    /// <summary>The instruction's twin: even and odd bytes multiplied in 16 bits, then pairs summed in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Twin(Vector256<int> a, Vector256<int> b)
    {
        var even = Avx2.MultiplyAddAdjacent(a.AsInt16() & Vector256.Create((short)255), (b.AsInt16() << 8) >> 8);
        var odd = Avx2.MultiplyAddAdjacent((a.AsUInt16() >> 8).AsInt16(), b.AsInt16() >> 8);
        return even + odd;
    }
}
