using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Keys and values as halves. Numbers beyond 65 504 become 65 536.</summary>
internal readonly unsafe struct KvF16 : IKvFormat
{
    private const int Piece = 128;

    public static bool IsFloat => false;

    public static float Unit => HalfBits.Unit;

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

    public static byte* KeyAddress(byte* page, int channel, int position) =>
        page + (channel * KvShape.BlockTokens + position) * sizeof(ushort);

    public static V KeyScale<V, L>(byte* page, int channel, int position)
        where V : unmanaged
        where L : struct, ILanes<V> => default;

    public static V LoadKeys<V, L>(byte* address, V scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.LoadSmallHalves((ushort*)address);

    public static byte* ValueAddress(byte* page, int position, int channel, int headDim) =>
        page + (position * headDim + channel) * sizeof(ushort);

    public static void LoadValueScales<V, L>(byte* page, int channel, float* scales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
    }

    public static V LoadValues<V, L>(byte* address, int lane, float* scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.LoadSmallHalves((ushort*)address + lane);
}
