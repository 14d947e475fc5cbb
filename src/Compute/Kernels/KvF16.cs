using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Keys and values as halves. Numbers beyond 65 504 become 65 536.</summary>
internal readonly unsafe struct KvF16 : IKvFormat
{
    private const int Piece = 128;

    [SkipLocalsInit]
    public static void WriteKey(byte* page, int position, ReadOnlySpan<float> key)
    {
        Span<Half> halves = stackalloc Half[Piece];
        for (var first = 0; first < key.Length; first += Piece)
        {
            var piece = key.Slice(first, Math.Min(Piece, key.Length - first));
            TensorPrimitives.ConvertToHalf(piece, halves);
            var target = (Half*)page + first * KvShape.BlockTokens + position;
            for (var c = 0; c < piece.Length; c++) target[c * KvShape.BlockTokens] = halves[c];
        }
    }

    public static void WriteValue(byte* page, int position, ReadOnlySpan<float> value) =>
        TensorPrimitives.ConvertToHalf(value, new Span<Half>((Half*)page + position * value.Length, value.Length));

    public static void ReadKeys<V, L>(byte* page, float* keys, int headDim)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        Read<V, L>((ushort*)page, keys, headDim * KvShape.BlockTokens);

    public static void ReadValues<V, L>(byte* page, float* values, int headDim, int stride, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var i = 0; i < count; i++) Read<V, L>((ushort*)page + i * headDim, values + i * stride, headDim);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Read<V, L>(ushort* halves, float* floats, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var i = 0;
        for (; i <= count - L.Count; i += L.Count) L.Store(floats + i, L.LoadHalves(halves + i));
        for (; i < count; i++) floats[i] = Lanes1.LoadHalves(halves + i);
    }
}
