namespace Minka.Compute.Kernels;

/// <summary>How keys and values of one head are stored, 16 positions (a page) at a time.</summary>
/// <remarks>
/// Keys lie channel by channel, the 16 positions of a channel side by side: one vector holds one channel of several
/// keys, so that scores need no sums across lanes. Values lie position by position. C is the width of a head.
/// A scale, where there is one, serves 32 channels; loads past a row's end may read what lies behind it.
/// </remarks>
internal unsafe interface IKvFormat
{
    /// <summary>Whether pages are plain floats, which nothing is gained by widening.</summary>
    static abstract bool IsFloat { get; }

    /// <summary>What loaded keys and values are to be multiplied by: a power of two.</summary>
    static abstract float Unit { get; }

    /// <summary>Stores one position's keys of all heads.</summary>
    /// <param name="pages">Pages of <c>[C, 16]</c> keys.</param>
    /// <param name="block">Which of them.</param>
    /// <param name="position">In the block, from 0.</param>
    /// <param name="keys"><c>[K * C]</c>.</param>
    static abstract void WriteKeys(in KvPages pages, int block, int position, ReadOnlySpan<float> keys);

    /// <summary>Stores one position's values of all heads.</summary>
    /// <param name="pages">Pages of <c>[16, C]</c> values.</param>
    /// <param name="block">Which of them.</param>
    /// <param name="position">In the block, from 0.</param>
    /// <param name="values"><c>[K * C]</c>.</param>
    static abstract void WriteValues(in KvPages pages, int block, int position, ReadOnlySpan<float> values);

    /// <summary>Where one channel's keys begin, from a position on.</summary>
    static abstract byte* KeyAddress(byte* page, int channel, int position);

    /// <summary>Scales of the keys from a position on, for the 32 channels from <paramref name="channel"/>.</summary>
    static abstract V KeyScale<V, L>(byte* page, int channel, int position)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>One channel of the keys from a position on, over <see cref="Unit"/>.</summary>
    /// <param name="address">From <see cref="KeyAddress"/>.</param>
    /// <param name="scale">From <see cref="KeyScale"/>.</param>
    static abstract V LoadKeys<V, L>(byte* address, V scale)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>Where one position's values begin, from a channel on.</summary>
    static abstract byte* ValueAddress(byte* page, int position, int channel, int headDim);

    /// <summary>Widens the scales of a page's 16 values for the 32 channels of a channel.</summary>
    static abstract void LoadValueScales<V, L>(byte* page, int channel, float* scales)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>Channels of one position's value, over <see cref="Unit"/>.</summary>
    /// <param name="address">From <see cref="ValueAddress"/>, or some lanes further on.</param>
    /// <param name="lane">Lanes further on.</param>
    /// <param name="scale">The position's, from <see cref="LoadValueScales"/>.</param>
    static abstract V LoadValues<V, L>(byte* address, int lane, float* scale)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>Two registers of them, side by side, in the order of <see cref="Part"/>.</summary>
    /// <param name="address">From <see cref="ValueAddress"/>.</param>
    /// <param name="scale">The position's, from <see cref="LoadValueScales"/>.</param>
    /// <param name="left">The first register.</param>
    /// <param name="right">The second.</param>
    static abstract void LoadValues<V, L>(byte* address, float* scale, out V left, out V right)
        where V : unmanaged
        where L : struct, ILanes<V>;

    /// <summary>Brings sums of values into the order in which two registers of values are loaded.</summary>
    static virtual void Part<V, L>(ref V left, ref V right)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
    }

    /// <summary>Undoes <see cref="Part"/>.</summary>
    static virtual void Join<V, L>(ref V left, ref V right)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
    }
}
