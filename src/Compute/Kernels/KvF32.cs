namespace Minka.Compute.Kernels;

/// <summary>Keys and values as floats.</summary>
internal readonly unsafe struct KvF32 : IKvFormat
{
    public static void WriteKey(byte* page, int position, ReadOnlySpan<float> key)
    {
        var target = (float*)page + position;
        for (var c = 0; c < key.Length; c++) target[c * KvShape.BlockTokens] = key[c];
    }

    public static void WriteValue(byte* page, int position, ReadOnlySpan<float> value) =>
        value.CopyTo(new Span<float>((float*)page + position * value.Length, value.Length));

    public static void ReadKeys<V, L>(byte* page, float* keys, int headDim)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        Buffer.MemoryCopy(page, keys, long.MaxValue, headDim * KvShape.BlockTokens * sizeof(float));

    public static void ReadValues<V, L>(byte* page, float* values, int headDim, int stride, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var i = 0; i < count; i++)
            Buffer.MemoryCopy((float*)page + i * headDim, values + i * stride, long.MaxValue, headDim * sizeof(float));
    }
}
