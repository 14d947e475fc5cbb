namespace Minka.Compute.Kernels;

/// <summary>How the work of attention is cut, and how much room that takes.</summary>
/// <param name="options">Heads, scale, window.</param>
/// <param name="kvHeads">K.</param>
/// <param name="headDim">C.</param>
internal readonly struct AttentionShape(AttentionOptions options, int kvHeads, int headDim)
{
    /// <summary>Keys of a segment. Results do not depend on who computes one, because it never changes.</summary>
    public const int SegmentKeys = 512;

    /// <summary>Queries are filled up to a multiple of this.</summary>
    public const int QueryStep = 2;

    private const int QueriesPerTile = 64;
    private const int FewQueriesMin = 4;
    private const int DirectQueriesMax = 8;
    private const int ItemsPerMember = 3;

    /// <summary>Query heads that share a key-value head.</summary>
    public int Group { get; } = options.QueryHeads / kvHeads;

    /// <summary>Rows whose queries share the tiles of a key-value head.</summary>
    public int RowsPerTile => Math.Max(1, QueriesPerTile / Group);

    /// <summary>Queries of some rows for one key-value head, filled up.</summary>
    public int QueriesOf(int rows) => (rows * Group + QueryStep - 1) / QueryStep * QueryStep;

    /// <summary>Room for the queries of a chunk of few rows for one key-value head.</summary>
    public int FewQueries => Math.Max(FewQueriesMin, QueriesOf(1));

    /// <summary>
    /// Whether so few rows are in a sequence's chunk that reading its keys is what takes the time. Such chunks are cut
    /// by segments and heads, others by rows and heads.
    /// </summary>
    public bool IsFew(int rows) => rows * Group <= FewQueries;

    /// <summary>
    /// Whether queries read pages as they are stored. For more of them, widening a page first costs less than doing it
    /// again for every few.
    /// </summary>
    public bool IsDirect(int rows) => QueriesOf(rows) <= DirectQueriesMax;

    /// <summary>Most queries of an item.</summary>
    public int QueriesMax => Math.Max(QueriesOf(RowsPerTile), kvHeads * FewQueries);

    /// <summary>Floats of one segment's sums for all heads of a chunk of few rows.</summary>
    public int PartFloats => AttentionSums.FloatsOf(kvHeads * FewQueries, headDim);

    /// <summary>Segments of all chunks of few rows that have more than one.</summary>
    public int PartsOf(in PagedLayout layout)
    {
        var parts = 0;
        for (var s = 0; s < layout.Sequences; s++)
            if (FewSegmentsOf(layout, s) is > 1 and var segments) parts += segments;
        return parts;
    }

    /// <summary>Key-value heads of an item of few rows: fewer where the team would lack items.</summary>
    public int HeadsPerItem(in PagedLayout layout, int members)
    {
        var segments = 0;
        for (var s = 0; s < layout.Sequences; s++) segments += FewSegmentsOf(layout, s);
        if (members == 1 || segments == 0) return kvHeads;
        var ranges = Math.Clamp((ItemsPerMember * members + segments - 1) / segments, 1, kvHeads);
        return (kvHeads + ranges - 1) / ranges;
    }

    /// <summary>A sequence's rows and its first head.</summary>
    public static AttentionItem ItemOf(in PagedLayout layout, int sequence)
    {
        var first = layout.RowStarts[sequence];
        return new(first, layout.RowStarts[sequence + 1] - first, 0, layout.Positions[first],
            layout.BlockStarts[sequence]);
    }

    private int FewSegmentsOf(in PagedLayout layout, int sequence)
    {
        var rows = layout.RowStarts[sequence + 1] - layout.RowStarts[sequence];
        if (rows == 0 || !IsFew(rows)) return 0;
        var item = ItemOf(layout, sequence);
        return item.SegmentsEnd - item.SegmentsStart(options.Window);
    }
}
