using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>
/// Keys and values as bytes, with one half as the scale of every 32 channels of a position. C is a multiple of 32.
/// </summary>
/// <remarks>A page holds <c>[C / 32]</c> groups of 16 scales and 32 x 16 bytes, in keys' or values' order.</remarks>
internal readonly unsafe struct KvQ8_0 : IKvFormat
{
    private const int Group = 32;
    private const int Positions = KvShape.BlockTokens;
    private const int GroupBytes = Positions * (sizeof(ushort) + Group);

    public static bool IsFloat => false;

    public static float Unit => 1;

    public static void WriteKeys(in KvPages pages, int block, int position, ReadOnlySpan<float> keys)
    {
        for (var first = 0; first < keys.Length; first += Group)
        {
            var (head, channel) = Math.DivRem(first, pages.HeadDim);
            var group = pages.Keys(block, head) + channel / Group * GroupBytes;
            Quantize(keys.Slice(first, Group), (Half*)group + position, Bytes(group) + position, Positions);
        }
    }

    public static void WriteValues(in KvPages pages, int block, int position, ReadOnlySpan<float> values)
    {
        for (var first = 0; first < values.Length; first += Group)
        {
            var (head, channel) = Math.DivRem(first, pages.HeadDim);
            var group = pages.Values(block, head) + channel / Group * GroupBytes;
            Quantize(values.Slice(first, Group), (Half*)group + position, Bytes(group) + position * Group, 1);
        }
    }

    public static byte* KeyAddress(byte* page, int channel, int position)
    {
        var (group, inside) = Math.DivRem((uint)channel, Group);
        return (byte*)Bytes(page + group * GroupBytes) + inside * Positions + position;
    }

    public static V KeyScale<V, L>(byte* page, int channel, int position)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        L.LoadHalves((ushort*)(page + (uint)channel / Group * GroupBytes) + position);

    public static V LoadKeys<V, L>(byte* address, V scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Multiply(L.LoadBytes((sbyte*)address), scale);

    public static byte* ValueAddress(byte* page, int position, int channel, int headDim)
    {
        var (group, inside) = Math.DivRem((uint)channel, Group);
        return (byte*)Bytes(page + group * GroupBytes) + position * Group + inside;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadValueScales<V, L>(byte* page, int channel, float* scales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var i = 0; i < Positions; i += L.Count)
            L.Store(scales + i, L.LoadHalves((ushort*)(page + (uint)channel / Group * GroupBytes) + i));
    }

    public static V LoadValues<V, L>(byte* address, int lane, float* scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Multiply(L.LoadBytes((sbyte*)address + lane), L.Broadcast(*scale));

    public static void LoadValues<V, L>(byte* address, float* scale, out V left, out V right)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        (left, right) = (LoadValues<V, L>(address, 0, scale), LoadValues<V, L>(address, L.Count, scale));

    private static sbyte* Bytes(byte* group) => (sbyte*)group + Positions * sizeof(ushort);

    // As ggml's Q8_0: the largest magnitude becomes 127, halves round away from zero.
    [SkipLocalsInit]
    private static void Quantize(ReadOnlySpan<float> x, Half* scale, sbyte* bytes, int step)
    {
        var largest = MathF.Abs(TensorPrimitives.MaxMagnitude(x));
        *scale = (Half)(largest / 127);
        var inverse = largest > 0 ? 127 / largest : 0;
        for (var i = 0; i < Group; i++)
            bytes[i * step] = (sbyte)MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
    }
}
