namespace Minka.Compute.Kernels;

/// <summary>Keys and values as floats.</summary>
internal readonly unsafe struct KvF32 : IKvFormat
{
    public static bool IsFloat => true;

    public static float Unit => 1;

    public static void WriteKeys(in KvPages pages, int block, int position, ReadOnlySpan<float> keys)
    {
        for (var head = 0; head < pages.Heads; head++)
        {
            var key = keys.Slice(head * pages.HeadDim, pages.HeadDim);
            var target = (float*)pages.Keys(block, head) + position;
            for (var c = 0; c < key.Length; c++) target[c * KvShape.BlockTokens] = key[c];
        }
    }

    public static void WriteValues(in KvPages pages, int block, int position, ReadOnlySpan<float> values)
    {
        var width = pages.HeadDim;
        for (var head = 0; head < pages.Heads; head++)
            values.Slice(head * width, width).CopyTo(new((float*)pages.Values(block, head) + position * width, width));
    }

    public static byte* KeyAddress(byte* page, int channel, int position) =>
        page + (channel * KvShape.BlockTokens + position) * sizeof(float);

    public static V KeyScale<V, L>(byte* page, int channel, int position)
        where V : unmanaged
        where L : struct, ILanes<V> => default;

    public static V LoadKeys<V, L>(byte* address, V scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Load((float*)address);

    public static byte* ValueAddress(byte* page, int position, int channel, int headDim) =>
        page + (position * headDim + channel) * sizeof(float);

    public static void LoadValueScales<V, L>(byte* page, int channel, float* scales)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
    }

    public static V LoadValues<V, L>(byte* address, int lane, float* scale)
        where V : unmanaged
        where L : struct, ILanes<V> => L.Load((float*)address + lane);

    public static void LoadValues<V, L>(byte* address, float* scale, out V left, out V right)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        (left, right) = (LoadValues<V, L>(address, 0, scale), LoadValues<V, L>(address, L.Count, scale));
}
