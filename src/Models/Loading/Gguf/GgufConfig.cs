using Minka.Compute;

namespace Minka.Models.Loading.Gguf;

/// <summary>Hyperparameters from the metadata of a GGUF file.</summary>
internal sealed class GgufConfig
{
    private const string OriginalContext = "rope.scaling.original_context_length";

    /// <summary>Architectures that run, and how their converter left the rows of q and k.</summary>
    private static readonly Dictionary<string, RopePairs> _known = new()
    {
        ["llama"] = RopePairs.Adjacent,
        ["qwen2"] = RopePairs.Halves,
        ["qwen3"] = RopePairs.Halves,
        ["qwen3moe"] = RopePairs.Halves,
    };

    private readonly GgufFile _file;
    private readonly GgufMetadata _metadata;
    private readonly string _architecture;

    private GgufConfig(GgufFile file, string architecture) =>
        (_file, _metadata, _architecture) = (file, file.Metadata, architecture);

    /// <exception cref="ModelFormatException">A key is missing or has an impossible value.</exception>
    /// <exception cref="UnsupportedModelException">The architecture is not built.</exception>
    public static ModelConfig Read(GgufFile file)
    {
        if (!file.Metadata.TryGetString("general.architecture", out var architecture))
            throw new ModelFormatException($"'{file.Path}' does not name its general.architecture.");
        return _known.TryGetValue(architecture, out var pairs)
            ? new GgufConfig(file, architecture).Read(pairs)
            : throw new UnsupportedModelException($"architecture {architecture}",
                $"'{file.Path}' is of architecture '{architecture}'; Minka runs {string.Join(", ", _known.Keys)}.");
    }

    private ModelConfig Read(RopePairs pairs)
    {
        Refuse("attn_logit_softcapping", "attention soft-capping");
        Refuse("final_logit_softcapping", "logit soft-capping");

        var layers = Need("block_count");
        var width = Need("embedding_length");
        var heads = NeedPerLayer("attention.head_count", layers);
        var headDim = HeadDim(width, heads);
        var windows = Windows(layers);
        var experts = GgufExperts.Read(this, layers, _file.Stored.Select(t => t.Name).ToHashSet());
        return ConfigRules.Check(_file.Path, new ModelConfig
        {
            Architecture = Family(windows.Length > 0, experts.Count > 0),
            Name = _metadata.TryGetString("general.name", out var name) ? name : null,
            VocabularySize = VocabularySize(),
            Layers = layers,
            Width = width,
            FeedForwardWidth = experts is { Count: > 0, DenseLayers.Count: 0 }
                ? 0
                : NeedPerLayer("feed_forward_length", layers),
            Experts = experts,
            Heads = heads,
            KvHeads = Has("attention.head_count_kv") ? NeedPerLayer("attention.head_count_kv", layers) : heads,
            HeadDim = headDim,
            ContextLength = Need("context_length"),
            NormEpsilon = (float)NeedFloat("attention.layer_norm_rms_epsilon"),
            Rope = Rope(pairs, headDim),
            Windows = windows,
            TiedEmbeddings = !_file.Stored.Any(t => t.Name == "output.weight"),
        });
    }

    /// <summary>Several families of Hugging Face are one architecture of GGUF.</summary>
    private string Family(bool slides, bool hasExperts) => _architecture switch
    {
        "llama" => hasExperts ? "mixtral" : slides ? "mistral" : "llama",
        "qwen3moe" => "qwen3_moe",
        _ => _architecture,
    };

    private int HeadDim(int width, int heads)
    {
        var keys = Has("attention.key_length") ? Need("attention.key_length") : width / Math.Max(heads, 1);
        var values = Has("attention.value_length") ? Need("attention.value_length") : keys;
        return keys == values ? keys : throw new UnsupportedModelException("values of another width than keys",
            $"'{_file.Path}' has keys of width {keys} and values of width {values}; Minka needs them equal.");
    }

    private int VocabularySize()
    {
        var embedding = _file.Stored.FirstOrDefault(t => t.Name == "token_embd.weight")
            ?? throw new ModelFormatException($"'{_file.Path}' has no tensor 'token_embd.weight': it is a vocabulary "
                + "without a model.");
        return (int)Math.Min(embedding.Shape.Count == 2 ? embedding.Shape[0] : 0, int.MaxValue);
    }

    private RopeConfig Rope(RopePairs pairs, int headDim)
    {
        var dimensions = Has("rope.dimension_count") ? Need("rope.dimension_count") : headDim;
        return new RopeConfig
        {
            Theta = Has("rope.freq_base") ? (float)NeedFloat("rope.freq_base") : 10_000,
            Dimensions = dimensions,
            Pairs = pairs,
            Scaling = Scaling(),
            FrequencyDivisors = _file.Floats("rope_freqs.weight", dimensions / 2) ?? [],
        };
    }

    private RopeScaling Scaling()
    {
        var factor = Has("rope.scaling.factor") ? (float)NeedFloat("rope.scaling.factor")
            : Has("rope.scale_linear") ? (float)NeedFloat("rope.scale_linear")
            : 0;
        var type = _metadata.TryGetString($"{_architecture}.rope.scaling.type", out var name) ? name : "linear";
        if (factor is 0 or 1 && type == "linear") return RopeScaling.None;
        return type switch
        {
            "none" => RopeScaling.None,
            "linear" => new RopeScaling.Linear(factor),
            "yarn" => Yarn(factor),
            _ => throw new UnsupportedModelException($"rope scaling {type}",
                $"'{_file.Path}' scales its positions by '{type}'; of GGUF files Minka knows none, linear and yarn."),
        };
    }

    /// <summary>ggml multiplies the file's attention factor by YaRN's own 1 + 0.1 ln(factor).</summary>
    private RopeScaling.Yarn Yarn(float factor)
    {
        var attention = Optional("rope.scaling.attn_factor", Optional("rope.scaling.yarn_attn_factor", 1));
        return new RopeScaling.Yarn(
            factor,
            Need(Has(OriginalContext) ? OriginalContext : "context_length"),
            Optional("rope.scaling.yarn_beta_fast", 32),
            Optional("rope.scaling.yarn_beta_slow", 1),
            attention * (factor > 1 ? 1 + 0.1f * MathF.Log(factor) : 1),
            Truncate: true);
    }

    private int[] Windows(int layers)
    {
        var window = Has("attention.sliding_window") ? Need("attention.sliding_window", least: 0) : 0;
        return window == 0 || layers > FileLimits.Tensors ? [] : [.. Enumerable.Repeat(window, layers)];
    }

    /// <summary>Refuses a file that uses what is not built: the key's number is above what is allowed.</summary>
    public void Refuse(string key, string what, double allowed = 0)
    {
        if (_metadata.TryGetFloat(Full(key), out var value) && value > allowed) throw Unsupported(what, key, value);
    }

    /// <summary>What is not built, and the key that asks for it.</summary>
    public UnsupportedModelException Unsupported(string what, string key, double value) => new(
        what, $"'{_file.Path}' has {Full(key)} = {value}: Minka does not run {what} yet.");

    private string Full(string key) => $"{_architecture}.{key}";

    public bool Has(string key) => _metadata.Kind(Full(key)) is not null;

    public int Need(string key, int least = 1)
    {
        if (_metadata.TryGetInteger(Full(key), out var value) && value >= least && value <= int.MaxValue)
            return (int)value;
        throw new ModelFormatException($"'{_file.Path}' needs {Full(key)} as a whole number from {least} on; "
            + $"it has {_metadata.Kind(Full(key)) ?? "no such key"}{(value != 0 ? $", {value}" : "")}.");
    }

    /// <summary>A number for all layers, or one for each that must all be equal.</summary>
    private int NeedPerLayer(string key, int layers)
    {
        if (_metadata.Integers(Full(key)) is not { } each) return Need(key);
        if (each.Length >= layers && each.Take(layers).Distinct().Count() == 1 && each[0] > 0) return each[0];
        throw new UnsupportedModelException("layers of different shapes",
            $"'{_file.Path}' gives {Full(key)} as {each.Length} numbers, {each.Distinct().Count()} of them different, "
            + $"for {layers} layers; Minka needs the same number in every layer.");
    }

    private double NeedFloat(string key) => _metadata.TryGetFloat(Full(key), out var value) && double.IsFinite(value)
        ? value
        : throw new ModelFormatException($"'{_file.Path}' needs {Full(key)} as a number; "
            + $"it has {_metadata.Kind(Full(key)) ?? "no such key"}.");

    public bool? Flag(string key) => _metadata.TryGetBool(Full(key), out var value) ? value : null;

    public float Optional(string key, float otherwise) => Has(key) ? (float)NeedFloat(key) : otherwise;
}
