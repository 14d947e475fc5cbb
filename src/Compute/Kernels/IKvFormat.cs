namespace Minka.Compute.Kernels;

/// <summary>How keys and values of one head are stored, 16 positions (a page) at a time.</summary>
/// <remarks>
/// Keys lie channel by channel, the 16 positions of a channel side by side: one vector holds one channel of several
/// keys, so that scores need no sums across lanes. Values lie position by position. C is the width of a head.
/// </remarks>
internal unsafe interface IKvFormat
{
    /// <summary>Stores one key in the page.</summary>
    /// <param name="page"><c>[C, 16]</c>.</param>
    /// <param name="position">In the page, from 0.</param>
    /// <param name="key"><c>[C]</c>.</param>
    static abstract void WriteKey(byte* page, int position, ReadOnlySpan<float> key);

    /// <summary>Stores one value in the page.</summary>
    /// <param name="page"><c>[16, C]</c>.</param>
    /// <param name="position">In the page, from 0.</param>
    /// <param name="value"><c>[C]</c>.</param>
    static abstract void WriteValue(byte* page, int position, ReadOnlySpan<float> value);

    /// <summary>Reads a page of keys as floats, <c>[C, 16]</c>.</summary>
    static abstract void ReadKeys<V, L>(byte* page, float* keys, int headDim)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>Reads the first values of a page as floats, <c>[count, stride]</c>.</summary>
    static abstract void ReadValues<V, L>(byte* page, float* values, int headDim, int stride, int count)
        where V : unmanaged
        where L : struct, ILanes<V>;
}
