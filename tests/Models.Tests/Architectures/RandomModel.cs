using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Minka.Compute;
using Minka.Models.Layers;

namespace Minka.Models.Tests.Architectures;

/// <summary>A tiny model of any family with random weights, made in memory. It answers to every weight name.</summary>
internal sealed class RandomModel(ModelConfig config, int seed) : IWeightFile
{
    private readonly Dictionary<string, float[]> _weights = [];

    /// <summary>Names that the file lacks.</summary>
    public HashSet<string> Missing { get; } = ["output.weight"];

    public string Path => "random";

    public string Format => "random";

    public ModelConfig Config => config;

    public IReadOnlyList<StoredTensor> Stored => [];

    public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = null;
        if (name.Split('.') is ["blk", var layer, var part, var expert, "weight"])
            return TryFindExpert($"blk.{layer}.{part}_exps.weight", int.Parse(expert, CultureInfo.InvariantCulture),
                out weight);
        var isBias = name.EndsWith(".bias", StringComparison.Ordinal);
        if (Missing.Contains(name) || (isBias && config.Architecture != "qwen2") || IsOfOtherLayers(name)) return false;
        var (rows, columns) = Shape(name);
        if (!_weights.TryGetValue(name, out var values)) _weights[name] = values = Draw(name, rows * columns);
        weight = new Source(name, rows, columns, values);
        return true;
    }

    /// <summary>One of the experts, for files that keep them apart.</summary>
    private bool TryFindExpert(string all, int expert, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = null;
        if (!TryFind(all, out var experts)) return false;
        var rows = experts.Rows / config.Experts.Count;
        weight = WeightSlices.Within(experts, (expert * rows)..((expert + 1) * rows));
        return true;
    }

    /// <summary>A config of a few hundred weights in which every dimension differs.</summary>
    public static ModelConfig ConfigOf(string architecture) => new()
    {
        Architecture = architecture,
        VocabularySize = 83,
        Layers = 3,
        Width = 64,
        FeedForwardWidth = 96,
        Heads = 6,
        KvHeads = 2,
        HeadDim = 32,
        ContextLength = 256,
        NormEpsilon = 1e-5f,
        Rope = new() { Theta = 10000, Dimensions = 32, Pairs = RopePairs.Halves },
        Windows = architecture == "mistral" ? [20, 20, 20] : [],
        Experts = architecture switch
        {
            "mixtral" => new() { Count = 4, Active = 2, Width = 32, IsNormalized = true },
            "qwen3_moe" => new() { Count = 11, Active = 3, Width = 64, DenseLayers = [1] },
            _ => ExpertsConfig.None,
        },
    };

    /// <summary>A router or experts of a dense layer, or the feed-forward of a sparse one.</summary>
    private bool IsOfOtherLayers(string name) => name.Split('.') is ["blk", var layer, var part, ..]
        && part.StartsWith("ffn_", StringComparison.Ordinal) && part != "ffn_norm"
        && (part == "ffn_gate_inp" || part.EndsWith("_exps", StringComparison.Ordinal))
            != config.Experts.IsSparse(int.Parse(layer, CultureInfo.InvariantCulture));

    private (int Rows, int Columns) Shape(string name)
    {
        var heads = config.Heads * config.HeadDim;
        var keys = config.KvHeads * config.HeadDim;
        var (rows, columns) = name.Split('.')[^2] switch
        {
            "token_embd" or "output" => (config.VocabularySize, config.Width),
            "attn_q" => (heads, config.Width),
            "attn_k" or "attn_v" => (keys, config.Width),
            "attn_output" => (config.Width, heads),
            "ffn_gate" or "ffn_up" => (config.FeedForwardWidth, config.Width),
            "ffn_down" => (config.Width, config.FeedForwardWidth),
            "ffn_gate_inp" => (config.Experts.Count, config.Width),
            "ffn_gate_exps" or "ffn_up_exps" => (config.Experts.Count * config.Experts.Width, config.Width),
            "ffn_down_exps" => (config.Experts.Count * config.Width, config.Experts.Width),
            "attn_q_norm" or "attn_k_norm" => (1, config.HeadDim),
            _ => (1, config.Width),
        };
        return name.EndsWith(".bias", StringComparison.Ordinal) ? (1, rows) : (rows, columns);
    }

    private float[] Draw(string name, int count)
    {
        var random = new Random(name.Aggregate(seed, (hash, letter) => hash * 31 + letter));
        var norm = name.Contains("norm", StringComparison.Ordinal);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = norm ? 0.5f + random.NextSingle() : (random.NextSingle() - 0.5f) * 0.5f;
        return values;
    }

    public void Dispose() { }

    private sealed record Source(string Name, int Rows, int Columns, float[] Values) : IWeightSource
    {
        public DType Type => DType.F32;

        public void ReadRows(int first, int count, Span<byte> bytes) =>
            MemoryMarshal.AsBytes(Values.AsSpan(first * Columns, count * Columns)).CopyTo(bytes);
    }
}
