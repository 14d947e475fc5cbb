namespace Minka.Compute.Kernels;

/// <summary>Room for one member's tile of attention.</summary>
internal unsafe struct AttentionScratch
{
    /// <summary>Scaled queries, <c>[M, C]</c>.</summary>
    public float* Queries { get; private set; }

    /// <summary>A tile of keys as floats, <c>[4, C, 16]</c>.</summary>
    public float* Keys { get; private set; }

    /// <summary>A tile of values as floats, <c>[64, stride]</c>.</summary>
    public float* Values { get; private set; }

    /// <summary>Scores, then weights, <c>[M, 64]</c>.</summary>
    public float* Scores { get; private set; }

    /// <summary>By how much older sums shrink, <c>[M]</c>.</summary>
    public float* Rescales { get; private set; }

    /// <summary>Results over all segments so far.</summary>
    public AttentionSums Totals { get; private set; }

    /// <summary>Results over one segment.</summary>
    public AttentionSums Segment { get; private set; }

    /// <summary>Lays the parts out, each on a cache line of its own.</summary>
    /// <param name="start">Where the room begins; null to count only.</param>
    /// <param name="queries">Most queries of a tile, M.</param>
    /// <param name="headDim">C.</param>
    /// <param name="bytes">Room taken.</param>
    public static AttentionScratch At(byte* start, int queries, int headDim, out long bytes)
    {
        var stride = AttentionSums.StrideOf(headDim);
        var next = start;
        var scratch = new AttentionScratch
        {
            Queries = Take(ref next, queries * headDim),
            Keys = Take(ref next, AttentionTile.Keys * headDim),
            Values = Take(ref next, AttentionTile.Keys * stride),
            Scores = Take(ref next, queries * AttentionTile.Keys),
            Rescales = Take(ref next, queries),
            Totals = new(Take(ref next, AttentionSums.FloatsOf(queries, headDim)), queries, stride),
            Segment = new(Take(ref next, AttentionSums.FloatsOf(queries, headDim)), queries, stride),
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
