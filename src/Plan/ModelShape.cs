namespace Minka.Plan;

/// <summary>What there is to cut in a model, and what its parts weigh.</summary>
public sealed record ModelShape
{
    /// <summary>Name, as the API reports it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 over the model's weights and configuration, 64 hexadecimal digits.</summary>
    public required string Hash { get; init; }

    /// <summary>Decoder layers, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Model width, D: the values of one row of the hidden state.</summary>
    public required int Width { get; init; }

    /// <summary>Query heads, H.</summary>
    public required int Heads { get; init; }

    /// <summary>Key-value heads, K; divides H.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a head, C.</summary>
    public required int HeadDim { get; init; }

    /// <summary>
    /// Feed-forward width, F: of a dense layer or of the shared expert; 0 if a model has only experts.
    /// </summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Rows of the embedding and of the head, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Routed experts of a layer; 0 for a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>The head is the embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Weights that share one quantised block along a row: columns are cut between blocks only.</summary>
    public int ColumnBlock { get; init; } = 32;

    /// <summary>Rows that a kernel packs together: rows are cut between groups only.</summary>
    public int RowGroup { get; init; } = 16;

    /// <summary>What the parts weigh.</summary>
    public required ModelBytes Bytes { get; init; }

    /// <summary>Query heads that share a key-value head, H / K.</summary>
    internal int HeadsPerGroup => Heads / KvHeads;

    /// <summary>
    /// Columns that are cut together: whole blocks, and whole row groups of the layer that makes them.
    /// </summary>
    internal int ColumnUnit => Numbers.LeastCommonMultiple(ColumnBlock, RowGroup);

    /// <summary>Fewest neighbouring heads whose columns are a multiple of <see cref="ColumnUnit"/>.</summary>
    internal int HeadUnit => Numbers.LeastCommonMultiple(HeadDim, ColumnUnit) / HeadDim;
}

/// <summary>Bytes of weights as they lie in memory.</summary>
/// <param name="Attention">Query, key, value and output of one layer: cut by heads.</param>
/// <param name="FeedForward">Gate, up and down of one layer, or of its shared expert: cut by columns.</param>
/// <param name="Experts">All routed experts of one layer: spread whole.</param>
/// <param name="Replicated">Norms, biases and router of one layer: on every rank.</param>
/// <param name="Embedding">The embedding.</param>
/// <param name="Head">The head; 0 if it is the embedding.</param>
public sealed record ModelBytes(
    long Attention, long FeedForward, long Experts, long Replicated, long Embedding, long Head)
{
    /// <summary>All weights of a model of <paramref name="layers"/> layers.</summary>
    public long Total(int layers) =>
        checked((layers * (Attention + FeedForward + Experts + Replicated)) + Embedding + Head);
}
