using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Keys and values as halves, all finite: what is beyond 65 504, or no number, becomes that.</summary>
internal readonly unsafe struct KvF16 : IKvFormat
{
    private const int Piece = 512;

    public static bool IsFloat => false;

    public static float Unit => HalfBits.Unit;

    public static void WriteKeys(in KvPages pages, int block, int position, ReadOnlySpan<float> keys) =>
        Write(pages.Keys(block, 0), pages, position, 1, KvShape.BlockTokens, keys);

    public static void WriteValues(in KvPages pages, int block, int position, ReadOnlySpan<float> values) =>
        Write(pages.Values(block, 0), pages, position, pages.HeadDim, 1, values);

    // Heads are converted together: for few channels a call costs more than its work.
    [SkipLocalsInit]
    private static void Write(
        byte* page, in KvPages pages, int position, int positionStep, int channelStep, ReadOnlySpan<float> row)
    {
        var halves = stackalloc ushort[Piece];
        for (var first = 0; first < row.Length; first += Piece)
        {
            var piece = row.Slice(first, Math.Min(Piece, row.Length - first));
            FiniteHalves.Write(piece, halves);
            for (int i = 0, count; i < piece.Length; i += count)
            {
                var (head, channel) = Math.DivRem(first + i, pages.HeadDim);
                count = Math.Min(pages.HeadDim - channel, piece.Length - i);
                ushort* source = halves + i, end = source + count;
                var target = (ushort*)(page + head * pages.HeadBytes) + position * positionStep + channel * channelStep;
                if (channelStep == 1) new Span<ushort>(source, count).CopyTo(new(target, count));
                else for (; source < end; source++, target += channelStep) *target = *source;
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

    public static void LoadValues<V, L>(byte* address, float* scale, out V left, out V right)
        where V : unmanaged
        where L : struct, ILanes<V> => L.LoadSmallHalves((ushort*)address, out left, out right);

    public static void Part<V, L>(ref V left, ref V right)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Part(ref left, ref right);

    public static void Join<V, L>(ref V left, ref V right)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Join(ref left, ref right);
}
