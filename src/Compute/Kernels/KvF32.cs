namespace Minka.Compute.Kernels;

/// <summary>Keys and values as floats.</summary>
internal readonly unsafe struct KvF32 : IKvFormat
{
    public static bool IsFloat => true;

    public static float Unit => 1;

    public static void WriteKey(byte* page, int position, ReadOnlySpan<float> key)
    {
        var target = (float*)page + position;
        for (var c = 0; c < key.Length; c++) target[c * KvShape.BlockTokens] = key[c];
    }

    public static void WriteValue(byte* page, int position, ReadOnlySpan<float> value) =>
        value.CopyTo(new Span<float>((float*)page + position * value.Length, value.Length));

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
}
