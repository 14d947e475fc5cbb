namespace Minka.Models;

/// <summary>The part of a model that one rank holds: some layers, and of each of them some heads and columns.</summary>
public sealed record ModelSlice
{
    /// <summary>Layers of the rank's stage.</summary>
    public required Range Layers { get; init; }

    /// <summary>Query heads; whole groups, or a part of one group.</summary>
    public required Range Heads { get; init; }

    /// <summary>Key-value heads that these query heads read. Several ranks may hold the same one.</summary>
    public required Range KvHeads { get; init; }

    /// <summary>Columns of the feed-forward, between blocks of the weights.</summary>
    public required Range FeedForward { get; init; }

    /// <summary>Experts, whole; empty for a dense model.</summary>
    public Range Experts { get; init; } = 0..0;

    /// <summary>Rows of the embedding; empty in every stage but the first.</summary>
    public required Range Embedding { get; init; }

    /// <summary>Rows of the head; empty in every stage but the last.</summary>
    public required Range Head { get; init; }

    /// <summary>All of a model.</summary>
    public static ModelSlice Whole(ModelConfig config) => new()
    {
        Layers = ..config.Layers,
        Heads = ..config.Heads,
        KvHeads = ..config.KvHeads,
        FeedForward = ..config.FeedForwardWidth,
        Experts = ..config.Experts.Count,
        Embedding = ..config.VocabularySize,
        Head = ..config.VocabularySize,
    };

    /// <summary>Whether the rank's stage begins the model.</summary>
    public bool IsFirstStage => Layers.Start.Value == 0;

    /// <summary>Whether the rank's stage ends the model.</summary>
    public bool IsLastStage(ModelConfig config) => Layers.End.Value == config.Layers;

    /// <summary>The model as this rank's layers see it: with the heads and columns that it holds.</summary>
    internal ModelConfig Of(ModelConfig config) => config with
    {
        Heads = Heads.Count,
        KvHeads = KvHeads.Count,
        FeedForwardWidth = FeedForward.Count,
    };

    /// <exception cref="ArgumentException">The slice is not one of this model.</exception>
    internal void Check(ModelConfig config)
    {
        Within("layers", Layers, config.Layers);
        Within("heads", Heads, config.Heads);
        Within("key-value heads", KvHeads, config.KvHeads);
        Within("feed-forward columns", FeedForward, config.FeedForwardWidth);
        Within("experts", Experts, config.Experts.Count);
        Within("rows of the embedding", Embedding, config.VocabularySize);
        Within("rows of the head", Head, config.VocabularySize);
        if (Layers.Count == 0) throw new ArgumentException("The slice has no layers; a rank holds at least one.");
        if (Heads.Count == 0) return;

        var group = config.Heads / config.KvHeads;
        var isWhole = Heads.Start.Value % group == 0 && Heads.End.Value % group == 0;
        var (first, end) = (Heads.Start.Value / group, ((Heads.End.Value - 1) / group) + 1);
        if ((!isWhole && end != first + 1) || KvHeads.Start.Value != first || KvHeads.End.Value != end)
            throw new ArgumentException($"The slice has heads {Heads} and key-value heads {KvHeads}; with {group} "
                + "heads to a group, they must be whole groups or a part of one, and the key-value heads "
                + $"{first}..{end}.");
    }

    private static void Within(string what, Range range, int count)
    {
        if (range.Start.IsFromEnd || range.End.IsFromEnd || range.End.Value > count || range.Count < 0)
            throw new ArgumentException($"The slice has {what} {range}; the model has {count}.");
    }
}

/// <summary>Ranges that count from the start.</summary>
internal static class Ranges
{
    extension(Range range)
    {
        /// <summary>How many.</summary>
        public int Count => range.End.Value - range.Start.Value;

        /// <summary>The range of things of which there are <paramref name="each"/> in one of these.</summary>
        public Range Times(int each) => (range.Start.Value * each)..(range.End.Value * each);

        /// <summary>Whether it holds <paramref name="index"/>.</summary>
        public bool Has(int index) => index >= range.Start.Value && index < range.End.Value;
    }
}
