namespace Minka.Plan.Tests;

/// <summary>Model shapes that plans are tested with.</summary>
internal static class Models
{
    public static readonly string Hash = new('a', 64);

    /// <summary>16 layers, 32 heads in 8 groups, like Llama-3.2-1B; a byte per weight.</summary>
    public static ModelShape Llama1B { get; } = new()
    {
        Name = "llama-1b", Hash = Hash, Layers = 16, Width = 2048, Heads = 32, KvHeads = 8, HeadDim = 64,
        FeedForwardWidth = 8192, VocabularySize = 128256, TiedEmbeddings = true,
        Bytes = new(
            Attention: 2048 * (32 + 8 + 8 + 32) * 64, FeedForward: 3L * 2048 * 8192, Experts: 0,
            Replicated: 2 * 2048 * 4, Embedding: 128256L * 2048, Head: 0),
    };

    /// <summary>The seeds' 30B: 60 layers, 52 heads of 128 values, each a group of its own.</summary>
    public static ModelShape Llama30B { get; } = new()
    {
        Name = "llama-30b", Hash = Hash, Layers = 60, Width = 6656, Heads = 52, KvHeads = 52, HeadDim = 128,
        FeedForwardWidth = 17920, VocabularySize = 32000,
        Bytes = new(
            Attention: 4L * 6656 * 6656 * 18 / 32, FeedForward: 3L * 6656 * 17920 * 18 / 32, Experts: 0,
            Replicated: 2 * 6656 * 4, Embedding: 32000L * 6656 * 18 / 32, Head: 32000L * 6656 * 18 / 32),
    };

    /// <summary>Eight experts in layers 1 and 3 of four, one of a thousand bytes.</summary>
    public static ModelShape Mixture { get; } = new()
    {
        Name = "mixture", Hash = Hash, Layers = 4, Width = 512, Heads = 8, KvHeads = 8, HeadDim = 64,
        FeedForwardWidth = 1024, VocabularySize = 3200, Experts = 8, DenseLayers = [0, 2],
        Bytes = new(
            Attention: 160_000, FeedForward: 32_000, Experts: 8000, Replicated: 100, Embedding: 640_000, Head: 320_000),
    };

    public static string[] Workers(int count) => [.. Enumerable.Range(0, count).Select(i => $"node{i}:9000")];

    public static PlanRequest Request(ModelShape model, int workers, int tensor = 0, int pipeline = 0,
        string shares = "") =>
        new() { Model = model, Workers = Workers(workers), Tensor = tensor, Pipeline = pipeline, Shares = shares };

    /// <summary>A shape of sizes that models have, and of sizes that none has.</summary>
    public static ModelShape Random(Random random)
    {
        var kvHeads = random.Next(1, 13);
        return new()
        {
            Name = "random", Hash = Hash, Layers = random.Next(1, 70), Width = 64 * random.Next(1, 100),
            KvHeads = kvHeads, Heads = kvHeads * random.Next(1, 9),
            HeadDim = new[] { 16, 32, 48, 64, 80, 96, 128, 256 }[random.Next(8)],
            FeedForwardWidth = 32 * random.Next(0, 600), VocabularySize = random.Next(1, 200_000),
            Experts = random.Next(3) == 0 ? random.Next(1, 130) : 0, TiedEmbeddings = random.Next(2) == 0,
            ColumnBlock = new[] { 1, 32, 32, 256 }[random.Next(4)], RowGroup = new[] { 1, 8, 16 }[random.Next(3)],
            Bytes = new(random.Next(1 << 24), random.Next(1 << 24), random.Next(1 << 24), random.Next(1 << 16),
                random.Next(1 << 24), random.Next(1 << 24)),
        };
    }
}
