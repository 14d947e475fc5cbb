using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Keys and values as halves. Numbers beyond 65 504 become 65 536.</summary>
internal readonly unsafe struct KvF16 : IKvFormat
{
    private const int Piece = 512;

    public static bool IsFloat => false;

    public static float Unit => HalfBits.Unit;

    // Heads are converted together: for few channels a call costs more than its work.
    [SkipLocalsInit]
    public static void WriteKeys(in KvPages pages, int block, int position, ReadOnlySpan<float> keys)
    {
        Span<Half> halves = stackalloc Half[Piece];
        for (var first = 0; first < keys.Length; first += Piece)
        {
            var piece = keys.Slice(first, Math.Min(Piece, keys.Length - first));
            TensorPrimitives.ConvertToHalf(piece, halves);
            for (int i = 0, count; i < piece.Length; i += count)
            {
                var (head, channel) = Math.DivRem(first + i, pages.HeadDim);
                count = Math.Min(pages.HeadDim - channel, piece.Length - i);
                var target = (Half*)pages.Keys(block, head) + channel * KvShape.BlockTokens + position;
                foreach (var half in halves.Slice(i, count))
                {
                    *target = half;
                    target += KvShape.BlockTokens;
                }
            }
        }
    }

    [SkipLocalsInit]
    public static void WriteValues(in KvPages pages, int block, int position, ReadOnlySpan<float> values)
    {
        Span<Half> halves = stackalloc Half[Piece];
        for (var first = 0; first < values.Length; first += Piece)
        {
            var piece = values.Slice(first, Math.Min(Piece, values.Length - first));
            TensorPrimitives.ConvertToHalf(piece, halves);
            for (int i = 0, count; i < piece.Length; i += count)
            {
                var (head, channel) = Math.DivRem(first + i, pages.HeadDim);
                count = Math.Min(pages.HeadDim - channel, piece.Length - i);
                var target = (Half*)pages.Values(block, head) + position * pages.HeadDim + channel;
                halves.Slice(i, count).CopyTo(new(target, count));
            }
        }
    }

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
