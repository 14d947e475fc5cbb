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

    public static void WriteKey(byte* page, int position, ReadOnlySpan<float> key)
    {
        var group = page;
        for (var first = 0; first < key.Length; first += Group, group += GroupBytes)
            Quantize(key.Slice(first, Group), (Half*)group + position, Bytes(group) + position, Positions);
    }

    public static void WriteValue(byte* page, int position, ReadOnlySpan<float> value)
    {
        var group = page;
        for (var first = 0; first < value.Length; first += Group, group += GroupBytes)
            Quantize(value.Slice(first, Group), (Half*)group + position, Bytes(group) + position * Group, 1);
    }

    public static void ReadKeys<V, L>(byte* page, float* keys, int headDim)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var first = 0; first < headDim; first += Group, page += GroupBytes)
        {
            for (var i = 0; i < Positions; i += L.Count)
            {
                var scale = L.LoadHalves((ushort*)page + i);
                var source = Bytes(page) + i;
                var target = keys + first * Positions + i;
                for (var c = 0; c < Group; c++, source += Positions, target += Positions)
                    L.Store(target, L.Multiply(L.LoadBytes(source), scale));
            }
        }
    }

    public static void ReadValues<V, L>(byte* page, float* values, int headDim, int stride, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var first = 0; first < headDim; first += Group, page += GroupBytes)
        {
            for (var i = 0; i < count; i++)
            {
                var scale = L.Broadcast(Lanes1.LoadHalves((ushort*)page + i));
                var source = Bytes(page) + i * Group;
                var target = values + i * stride + first;
                for (var c = 0; c < Group; c += L.Count)
                    L.Store(target + c, L.Multiply(L.LoadBytes(source + c), scale));
            }
        }
    }

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
