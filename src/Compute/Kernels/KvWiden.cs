using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Copies pages as floats, in the layout of <see cref="KvF32"/>: worth it for many queries.</summary>
internal static unsafe class KvWiden
{
    private const int PageKeys = KvShape.BlockTokens;
    private const int ScaleChannels = 32;

    /// <summary>All keys of a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Keys<TFormat, V, L>(byte* page, byte* next, int headDim, float* target)
        where TFormat : IKvFormat
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var unit = L.Broadcast(TFormat.Unit);
        for (var channel = 0; channel < headDim; channel += ScaleChannels)
        {
            var end = Math.Min(channel + ScaleChannels, headDim);
            for (var i = 0; i < PageKeys; i += L.Count)
            {
                var scale = TFormat.KeyScale<V, L>(page, channel, i);
                for (var c = channel; c < end; c++)
                {
                    FetchAhead.Fetch(TFormat.KeyAddress(next, c, i));
                    var keys = TFormat.LoadKeys<V, L>(TFormat.KeyAddress(page, c, i), scale);
                    L.Store(target + c * PageKeys + i, L.Multiply(keys, unit));
                }
            }
        }
    }

    /// <summary>The first values of a page.</summary>
    /// <param name="page">Page.</param>
    /// <param name="next">Page that will be read next.</param>
    /// <param name="count">Values wanted.</param>
    /// <param name="headDim">C.</param>
    /// <param name="target"><c>[16, C]</c>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values<TFormat, V, L>(byte* page, byte* next, int count, int headDim, float* target)
        where TFormat : IKvFormat
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var unit = L.Broadcast(TFormat.Unit);
        var scales = stackalloc float[PageKeys];
        for (var channel = 0; channel < headDim; channel += ScaleChannels)
        {
            TFormat.LoadValueScales<V, L>(page, channel, scales);
            var end = Math.Min(channel + ScaleChannels, headDim);
            for (var i = 0; i < count; i++)
            {
                var c = channel;
                for (; c <= end - L.Count; c += L.Count)
                {
                    FetchAhead.Fetch(TFormat.ValueAddress(next, i, c, headDim));
                    var values = TFormat.LoadValues<V, L>(TFormat.ValueAddress(page, i, c, headDim), 0, scales + i);
                    L.Store(target + i * headDim + c, L.Multiply(values, unit));
                }
                for (; c < end; c++)
                {
                    target[i * headDim + c] = TFormat.Unit
                        * TFormat.LoadValues<float, Lanes1>(TFormat.ValueAddress(page, i, c, headDim), 0, scales + i);
                }
            }
        }
    }
}
