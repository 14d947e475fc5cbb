namespace Minka.Compute.Kernels;

/// <summary>Room for one member's work on attention.</summary>
internal unsafe struct AttentionScratch
{
    /// <summary>Scaled queries, <c>[queries, C]</c>.</summary>
    public float* Queries { get; private set; }

    /// <summary>A tile of keys as floats, <c>[4, C, 16]</c>.</summary>
    public float* Keys { get; private set; }

    /// <summary>A tile of values as floats, <c>[4, 16, C]</c>.</summary>
    public float* Values { get; private set; }

    /// <summary>Scores, then weights, <c>[queries, 64]</c>.</summary>
    public float* Scores { get; private set; }

    /// <summary>By how much each query's older sums shrink, and room for a register more.</summary>
    public float* Rescales { get; private set; }

    /// <summary>Results over all segments so far.</summary>
    public AttentionSums Totals { get; private set; }

    /// <summary>Results over one segment.</summary>
    public AttentionSums Segment { get; private set; }

    /// <summary>Lays the parts out, each on a cache line of its own.</summary>
    /// <param name="start">Where the room begins; null to count only.</param>
    /// <param name="queries">Most queries of an item.</param>
    /// <param name="headDim">C.</param>
    /// <param name="bytes">Room taken.</param>
    public static AttentionScratch At(byte* start, int queries, int headDim, out long bytes)
    {
        var next = start;
        var sums = AttentionSums.FloatsOf(queries, headDim);
        var scratch = new AttentionScratch
        {
            Queries = Take(ref next, queries * headDim + AttentionSums.StrideStep),
            Keys = Take(ref next, KvTile.Keys * headDim),
            Values = Take(ref next, KvTile.Keys * headDim + AttentionSums.StrideStep),
            Scores = Take(ref next, queries * KvTile.Keys),
            Rescales = Take(ref next, queries + AttentionSums.StrideStep),
            Totals = AttentionSums.In(Take(ref next, sums), queries, headDim),
            Segment = AttentionSums.In(Take(ref next, sums), queries, headDim),
        };
        bytes = next - start;
        return scratch;
    }

    private static float* Take(ref byte* next, int floats)
    {
        var start = next;
        next += ((long)floats * sizeof(float) + 63) / 64 * 64;
        return (float*)start;
    }
}
