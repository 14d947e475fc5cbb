using Minka.Compute.Kernels;

namespace Minka.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Products that one core computes in about the time of a dispatch.</summary>
    private const long SmallProducts = 32 << 10;

    /// <summary>Parts that one core merges in about the time of a dispatch.</summary>
    private const int SmallParts = 8;

    private NativeBuffer? _attentionScratch, _attentionParts;

    /// <inheritdoc/>
    public void Attention(Tensor y, Tensor queries, KvLayer kv, in AttentionOptions options, in PagedLayout layout)
    {
        var pages = CpuKvLayer.PagesOf(kv);
        Check(options.QueryHeads > 0 && options.QueryHeads % pages.Heads == 0 && options.Window >= 0
            && y.Columns == options.QueryHeads * pages.HeadDim && queries.Columns == y.Columns
            && y.Rows == queries.Rows, nameof(Attention),
            "y and queries [T, H * C] with H a multiple of the cache's heads, and no negative window");
        CheckLayout(layout, queries.Rows, kv.Shape.Blocks);
        var shape = new AttentionShape(options, pages.Heads, pages.HeadDim);
        var parts = shape.PartsOf(layout);
        var room = PrepareAttention(shape, pages.HeadDim, parts);

        FloatRows target = CpuStorage.RowsOf(y), source = CpuStorage.RowsOf(queries);
        var isSmall = ProductsOf(options, layout, pages.HeadDim) <= SmallProducts;
        switch (kv.Shape.Type)
        {
            case DType.F16:
                var usesCode = CodeAttention.IsSupported;
                Run(new PagedAttention<KvF16>(target, source, pages, options, layout, _team, room, usesCode), isSmall,
                    parts);
                break;
            case DType.Q8_0:
                Run(new PagedAttention<KvQ8_0>(target, source, pages, options, layout, _team, room), isSmall, parts);
                break;
            default:
                Run(new PagedAttention<KvF32>(target, source, pages, options, layout, _team, room), isSmall, parts);
                break;
        }
    }

    private void Run<TFormat>(PagedAttention<TFormat> attention, bool isSmall, int parts)
        where TFormat : IKvFormat
    {
        _team.RunByTicket(ref attention, isSmall);
        if (parts == 0) return;
        var merging = new PartMerging<TFormat>(attention);
        _team.RunByTicket(ref merging, isSmall: parts <= SmallParts);
    }

    private static long ProductsOf(in AttentionOptions options, in PagedLayout layout, int headDim)
    {
        var keys = 0L;
        for (var s = 0; s < layout.Sequences; s++)
        {
            int start = layout.RowStarts[s], end = layout.RowStarts[s + 1];
            if (start < end) keys += (long)(end - start) * (layout.Positions[end - 1] + 1);
        }
        return 2 * keys * options.QueryHeads * headDim;
    }

    // Kernels follow these numbers with bare pointers.
    private static void CheckLayout(in PagedLayout layout, int rows, int blocks)
    {
        Check(layout.RowStarts.Length > 0 && layout.BlockStarts.Length == layout.RowStarts.Length
            && layout.Positions.Length == rows && layout.RowStarts[0] == 0 && layout.RowStarts[^1] == rows,
            nameof(Attention), "a layout whose sequences cover the rows");
        for (var s = 0; s < layout.Sequences; s++)
        {
            int start = layout.RowStarts[s], end = layout.RowStarts[s + 1];
            Check(start <= end && layout.BlockStarts[s] >= 0 && layout.BlockStarts[s] <= layout.BlockStarts[s + 1]
                && layout.BlockStarts[s + 1] <= layout.Blocks.Length, nameof(Attention), "ascending starts");
            if (start == end) continue;

            int first = layout.Positions[start], last = layout.Positions[end - 1];
            Check(first >= 0 && last - first == end - 1 - start, nameof(Attention), "consecutive positions");
            Check(layout.BlockStarts[s + 1] - layout.BlockStarts[s] > last / KvShape.BlockTokens, nameof(Attention),
                "blocks for every position");
        }
        foreach (var block in layout.Blocks)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)blocks, nameof(layout));
    }

    private AttentionRoom PrepareAttention(AttentionShape shape, int headDim, int parts)
    {
        _ = AttentionScratch.At(null, shape.QueriesMax, headDim, out var scratchBytes);
        var scratch = Grow(ref _attentionScratch, scratchBytes * _team.Size);
        var room = Grow(ref _attentionParts, (long)parts * shape.PartFloats * sizeof(float));
        return new(scratch, scratchBytes, shape, headDim, (float*)room);
    }

    private static byte* Grow(ref NativeBuffer? buffer, long bytes)
    {
        if (buffer is null || buffer.Bytes < bytes)
        {
            var doubled = 2 * (buffer?.Bytes ?? 0);
            buffer?.Dispose();
            buffer = new NativeBuffer(Math.Max(bytes, doubled));
        }
        return buffer.Data;
    }
}
