using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels;

/// <remarks>As words: sixteen rows at a time: AVX-512 (F, BW, DQ, VL).</remarks>
internal readonly unsafe partial struct Lanes512 : IWordLanes<Vector512<int>, Vector512<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadWords(byte* words) => Vector512.Load((int*)words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBrainFloats(byte* values) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)values)) << 16).AsSingle();

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
    public static Vector512<float> ToSingle(Vector512<int> integers) => Vector512.ConvertToSingle(integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplySubtract(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplySubtract(a, b, c);
}
