namespace Minka.Bench.Models;

/// <summary>Sizes of a Llama-like model, without its weights.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Width">D.</param>
/// <param name="FeedForward">F.</param>
/// <param name="Layers">Decoder layers.</param>
/// <param name="Heads">H, query heads.</param>
/// <param name="KvHeads">K, key-value heads.</param>
/// <param name="HeadDim">C, width of a head.</param>
/// <param name="Vocabulary">Tokens.</param>
/// <param name="IsTied">Whether the head is the embedding table.</param>
internal sealed record ModelShape(
    string Name, int Width, int FeedForward, int Layers, int Heads, int KvHeads, int HeadDim,
    int Vocabulary, bool IsTied)
{
    /// <summary>Experts of every layer, each of width F; 0 for a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token goes to.</summary>
    public int ActiveExperts { get; init; }

    /// <summary>Every shape that can be asked for by name.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
    [
        new("1b", 2048, 8192, 16, 32, 8, 64, 128_256, true),
        new("1b-2layers", 2048, 8192, 2, 32, 8, 64, 4096, true),
        new("8b", 4096, 14_336, 32, 32, 8, 128, 128_256, false),
        new("moe", 2048, 2048, 16, 32, 8, 64, 32_000, true) { Experts = 8, ActiveExperts = 2 },
        new("moe-fine", 2048, 512, 16, 32, 8, 64, 32_000, true) { Experts = 32, ActiveExperts = 8 },
        new("moe-tiny", 64, 96, 3, 4, 2, 16, 512, false) { Experts = 8, ActiveExperts = 2 },
        new("135m", 576, 1536, 30, 9, 3, 64, 49_152, true),
        new("26m", 512, 1408, 8, 8, 2, 64, 6400, true),
        // As many key heads as distributed-llama needs for eight nodes.
        new("30m-8kv", 512, 1536, 8, 8, 8, 64, 6400, true),
        new("tiny", 64, 192, 2, 4, 2, 16, 512, true),
    ];

    /// <summary>The shape of that name.</summary>
    public static ModelShape Named(string name) =>
        All.FirstOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"No shape '{name}'; there are {string.Join(", ", All.Select(s => s.Name))}.");

    /// <summary>Rows and columns of every matrix of a layer, by its GGUF name; of experts those of one.</summary>
    public IEnumerable<(string Name, int Rows, int Columns)> LayerMatrices()
    {
        var ending = Experts > 0 ? "_exps" : "";
        return
        [
            ("attn_q", Heads * HeadDim, Width),
            ("attn_k", KvHeads * HeadDim, Width),
            ("attn_v", KvHeads * HeadDim, Width),
            ("attn_output", Width, Heads * HeadDim),
            ("ffn_gate" + ending, FeedForward, Width),
            ("ffn_up" + ending, FeedForward, Width),
            ("ffn_down" + ending, Width, FeedForward),
        ];
    }
}
