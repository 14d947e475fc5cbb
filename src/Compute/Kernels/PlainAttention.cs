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
        var keys = new float[width * KvShape.BlockTokens];
        var values = new float[width * KvShape.BlockTokens];
        var sums = new double[width];
        double weights = 0, shift = double.NegativeInfinity;
        for (var key = first; key <= position; key++)
        {
            var (page, slot) = Math.DivRem(key, KvShape.BlockTokens);
            fixed (float* k = keys, v = values)
            {
                TFormat.ReadKeys<float, Lanes1>(pages.Keys(blocks[page], head), k, width);
                TFormat.ReadValues<float, Lanes1>(pages.Values(blocks[page], head), v, width, width,
                    KvShape.BlockTokens);
            }
            var score = 0.0;
            for (var c = 0; c < width; c++) score += (double)query[c] * keys[c * KvShape.BlockTokens + slot];
            score *= options.Scale;

            var larger = Math.Max(shift, score);
            double shrink = Math.Exp(shift - larger), weight = Math.Exp(score - larger);
            shift = larger;
            weights = weights * shrink + weight;
            for (var c = 0; c < width; c++) sums[c] = sums[c] * shrink + weight * values[slot * width + c];
        }
        for (var c = 0; c < width; c++) y[c] = (float)(sums[c] / weights);
    }
}
