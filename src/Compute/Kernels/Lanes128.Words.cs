using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Minka.Compute.Kernels;

/// <remarks>As words: four rows at a time: any CPU with 128-bit vectors.</remarks>
internal readonly unsafe partial struct Lanes128 : IWordLanes<Vector128<int>, Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadWords(byte* words) => Vector128.Load((int*)words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBrainFloats(byte* values) =>
        (Vector128.WidenLower(Vector128.CreateScalar(*(long*)values).AsUInt16()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> bytes) => bytes & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> bytes) => (bytes >>> 4) & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> FifthBits(Vector128<int> words, int quad) =>
        ((((words >>> (4 * quad)) & Vector128.Create(15)) * 0x00204081) & Vector128.Create(0x01010101)) << 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Or(Vector128<int> a, Vector128<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<int> integers) => Vector128.ConvertToSingle(integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplySubtract(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, -c);
}
