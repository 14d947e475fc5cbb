using Minka.Compute.Kernels;

namespace Minka.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Products that one core computes in about the time of a dispatch.</summary>
    private const long SmallProducts = 32 << 10;

    /// <inheritdoc/>
    public void Attention(Tensor y, Tensor queries, KvLayer kv, in AttentionOptions options, in PagedLayout layout)
    {
        var pages = CpuKvLayer.PagesOf(kv);
        Check(options.QueryHeads > 0 && options.QueryHeads % pages.Heads == 0 && options.Window >= 0
            && y.Columns == options.QueryHeads * pages.HeadDim && queries.Columns == y.Columns
            && y.Rows == queries.Rows, nameof(Attention),
            "y and queries [T, H * C] with H a multiple of the cache's heads, and no negative window");
        CheckLayout(layout, queries.Rows, kv.Shape.Blocks);
        PrepareAttention(options.QueryHeads / pages.Heads, pages.HeadDim);

        FloatRows target = CpuStorage.RowsOf(y), source = CpuStorage.RowsOf(queries);
        var isSmall = ProductsOf(options, layout, pages.HeadDim) <= SmallProducts;
        fixed (AttentionScratch* scratches = _attentionScratches)
        {
            switch (kv.Shape.Type)
            {
                case DType.F16:
                    var halves = new PagedAttention<KvF16>(target, source, pages, options, layout, _team, scratches);
                    _team.Run(ref halves, isSmall);
                    break;
                case DType.Q8_0:
                    var bytes = new PagedAttention<KvQ8_0>(target, source, pages, options, layout, _team, scratches);
                    _team.Run(ref bytes, isSmall);
                    break;
                default:
                    var floats = new PagedAttention<KvF32>(target, source, pages, options, layout, _team, scratches);
                    _team.Run(ref floats, isSmall);
                    break;
            }
        }
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

    private void PrepareAttention(int group, int headDim)
    {
        var queries = PagedAttention<KvF32>.RowsPerTile(group) * group + AttentionTile.QueryStep;
        if ((queries, headDim) == _attentionRoomFor) return;

        _ = AttentionScratch.At(null, queries, headDim, out var bytes);
        _attentionRoom?.Dispose();
        _attentionRoom = new NativeBuffer(bytes * _team.Size);
        _attentionScratches = new AttentionScratch[_team.Size];
        for (var i = 0; i < _attentionScratches.Length; i++)
            _attentionScratches[i] = AttentionScratch.At(_attentionRoom.Data + i * bytes, queries, headDim, out _);
        _attentionRoomFor = (queries, headDim);
    }
}
