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

    /// <summary>Feed-forward width of a dense layer, F; 0 if every layer has experts.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Rows of the embedding and of the head, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Routed experts of a layer; 0 for a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>Layers with a feed-forward in place of experts, ascending; of a dense model none is named.</summary>
    public IReadOnlyList<int> DenseLayers { get; init => field = value ?? []; } = [];

    /// <summary>The head is the embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Weights that share one quantised block along a row: columns are cut between blocks only.</summary>
    public int ColumnBlock { get; init; } = 32;

    /// <summary>Rows that a kernel packs together: rows are cut between groups only.</summary>
    public int RowGroup { get; init; } = 16;

    /// <summary>What the parts weigh.</summary>
    public required ModelBytes Bytes { get; init; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes()
    {
        long sparse = SparseLayers(new(0, Layers)), dense = Layers - sparse;
        return checked((Layers * (Bytes.Attention + Bytes.Replicated)) + (dense * Bytes.FeedForward)
            + (sparse * Bytes.Experts) + Bytes.Embedding + Bytes.Head);
    }

    /// <summary>Those of some layers that have experts.</summary>
    internal int SparseLayers(IndexRange layers) => Experts == 0
        ? 0
        : layers.Count - DenseLayers.Count(layer => layer >= layers.Start && layer < layers.End);

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
/// <param name="FeedForward">Gate, up and down of one dense layer: cut by columns.</param>
/// <param name="Experts">All routed experts of one sparse layer: spread whole.</param>
/// <param name="Replicated">Norms, biases and router of one layer: on every rank.</param>
/// <param name="Embedding">The embedding.</param>
/// <param name="Head">The head; 0 if it is the embedding.</param>
public sealed record ModelBytes(
    long Attention, long FeedForward, long Experts, long Replicated, long Embedding, long Head);
