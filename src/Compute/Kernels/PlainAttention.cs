namespace Minka.Compute.Kernels;

/// <summary>The scalar twin of <see cref="PagedAttention{TFormat}"/>: one query at a time, in doubles.</summary>
internal static unsafe class PlainAttention
{
    /// <summary>Attention of every row; the arguments are those of <see cref="IBackend.Attention"/>.</summary>
    public static void Run<TFormat>(
        FloatRows y, FloatRows queries, KvPages pages, AttentionOptions options, PagedLayout layout)
        where TFormat : IKvFormat
    {
        for (var s = 0; s < layout.Sequences; s++)
        {
            var blocks = layout.Blocks[layout.BlockStarts[s]..layout.BlockStarts[s + 1]];
            for (var row = layout.RowStarts[s]; row < layout.RowStarts[s + 1]; row++)
            {
                for (var head = 0; head < options.QueryHeads; head++)
                {
                    var query = queries.Span(row).Slice(head * pages.HeadDim, pages.HeadDim);
                    var result = y.Span(row).Slice(head * pages.HeadDim, pages.HeadDim);
                    var kvHead = head / (options.QueryHeads / pages.Heads);
                    Attend<TFormat>(result, query, pages, kvHead, options, layout.Positions[row], blocks);
                }
            }
        }
    }

    private static void Attend<TFormat>(
        Span<float> y, ReadOnlySpan<float> query, KvPages pages, int head, AttentionOptions options, int position,
        ReadOnlySpan<int> blocks)
        where TFormat : IKvFormat
    {
        var width = query.Length;
        var first = options.Window == 0 ? 0 : Math.Max(0, position + 1 - options.Window);
        var sums = new double[width];
        double weights = 0, shift = double.NegativeInfinity;
        for (var key = first; key <= position; key++)
        {
            var (page, slot) = Math.DivRem(key, KvShape.BlockTokens);
            byte* keys = pages.Keys(blocks[page], head), values = pages.Values(blocks[page], head);
            var score = 0.0;
            for (var c = 0; c < width; c++) score += (double)query[c] * Key<TFormat>(keys, c, slot);
            score *= options.Scale;

            var larger = Math.Max(shift, score);
            double shrink = Math.Exp(shift - larger), weight = Math.Exp(score - larger);
            shift = larger;
            weights = weights * shrink + weight;
            for (var c = 0; c < width; c++)
                sums[c] = sums[c] * shrink + weight * Value<TFormat>(values, slot, c, width);
        }
        for (var c = 0; c < width; c++) y[c] = (float)(sums[c] / weights);
    }

    private static float Key<TFormat>(byte* page, int channel, int position)
        where TFormat : IKvFormat =>
        TFormat.Unit * TFormat.LoadKeys<float, Lanes1>(
            TFormat.KeyAddress(page, channel, position), TFormat.KeyScale<float, Lanes1>(page, channel, position));

    private static float Value<TFormat>(byte* page, int position, int channel, int headDim)
        where TFormat : IKvFormat
    {
        var scales = stackalloc float[KvShape.BlockTokens];
        TFormat.LoadValueScales<float, Lanes1>(page, channel, scales);
        return TFormat.Unit * TFormat.LoadValues<float, Lanes1>(
            TFormat.ValueAddress(page, position, channel, headDim), 0, scales + position);
    }
}
