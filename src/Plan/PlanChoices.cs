using System.Text.Json.Serialization;

namespace Minka.Plan;

/// <summary>All-reduce algorithms by name.</summary>
public enum CollectiveAlgorithm
{
    /// <summary>Measured at the start, chosen per message size.</summary>
    [JsonStringEnumMemberName("auto")] Auto,

    /// <summary>Everyone sends everything to everyone: one latency, most bytes.</summary>
    [JsonStringEnumMemberName("one-shot")] OneShot,

    /// <summary>Direct reduce-scatter, then direct all-gather: two latencies, fewest bytes.</summary>
    [JsonStringEnumMemberName("two-shot")] TwoShot,

    /// <summary>Pairs, pairs of pairs, …</summary>
    [JsonStringEnumMemberName("recursive-doubling")] Doubling,

    /// <summary>Neighbour to neighbour: fewest bytes, most latencies.</summary>
    [JsonStringEnumMemberName("ring")] Ring,

    /// <summary>Rank 0 sums for all.</summary>
    [JsonStringEnumMemberName("star")] Star,
}

/// <summary>How numbers travel.</summary>
public enum WireFormat
{
    /// <summary>Single precision, 4 bytes.</summary>
    [JsonStringEnumMemberName("f32")] F32,

    /// <summary>Half precision, 2 bytes.</summary>
    [JsonStringEnumMemberName("f16")] F16,

    /// <summary>Blocks of 32 bytes and a half-precision scale, 34/32 bytes.</summary>
    [JsonStringEnumMemberName("q8")] Q8,
}

/// <summary>How keys and values are kept.</summary>
public enum KvType
{
    /// <summary>Single precision, 4 bytes.</summary>
    [JsonStringEnumMemberName("f32")] F32,

    /// <summary>Half precision, 2 bytes.</summary>
    [JsonStringEnumMemberName("f16")] F16,

    /// <summary>Blocks of 32 bytes and a half-precision scale, 34/32 bytes.</summary>
    [JsonStringEnumMemberName("q8")] Q8,
}

/// <summary>Where the embedding lies in the first stage.</summary>
public enum EmbeddingPlacement
{
    /// <summary>Each rank holds its rows; the embedded tokens are summed over the stage.</summary>
    [JsonStringEnumMemberName("sliced")] Sliced,

    /// <summary>Each rank holds all rows; nothing is sent.</summary>
    [JsonStringEnumMemberName("every-rank")] EveryRank,
}
