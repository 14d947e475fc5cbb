using Minka.Compute;

namespace Minka.Models.Loading.Dllama;

/// <summary>What the header of a <c>.m</c> file says.</summary>
/// <param name="Config">Hyperparameters, checked.</param>
/// <param name="MatrixType">Type of every matrix but the embedding.</param>
/// <param name="HasHeadNorms">Whether each layer has norms for the heads of q and k.</param>
internal sealed record DllamaHeader(ModelConfig Config, DType MatrixType, bool HasHeadNorms)
{
    public const int Magic = 0x0A00ABCD;

    private const int LastKey = 21;
    private const int LlamaArchitecture = 0xABCD00, Qwen3Architecture = 0xABCD01, Qwen3MoeArchitecture = 0xABCD02;

    /// <summary>Reads from behind the magic number to the first weight.</summary>
    public static DllamaHeader Read(ByteReader reader, string path)
    {
        var pairs = DllamaPairs.Read(reader, path, LastKey);
        var architecture = pairs.Need(1, "architecture", int.MinValue, int.MaxValue);
        var family = architecture switch
        {
            LlamaArchitecture => "llama",
            Qwen3Architecture => "qwen3",
            Qwen3MoeArchitecture => "qwen3_moe",
            _ => throw new UnsupportedModelException($"architecture {architecture:X}", $"'{path}' is of architecture "
                + $"0x{architecture:X}; of distributed-llama files Minka runs llama, qwen3 and qwen3_moe."),
        };
        if (pairs.Get(7, 0) != 0 && architecture != Qwen3MoeArchitecture)
            throw new UnsupportedModelException($"experts in {family}",
                $"'{path}' is a {family} with {pairs.Get(7, 0)} experts in each layer; of distributed-llama's mixtures "
                + "of experts Minka runs qwen3_moe.");

        var config = ConfigRules.Check(path, Configure(pairs, path, family));
        var type = pairs.Need(13, "weight type", 0, 3) switch
        {
            0 => DType.F32,
            1 => DType.F16,
            2 => DType.Q4_0,
            _ => DType.Q8_0,
        };
        return new DllamaHeader(config, type, family != "llama");
    }

    private static ModelConfig Configure(DllamaPairs pairs, string path, string family)
    {
        var width = pairs.Need(2, "width", 1, int.MaxValue);
        var heads = pairs.Need(5, "count of heads", 1, int.MaxValue);
        if (!pairs.Has(19) && width % heads != 0)
            throw new ModelFormatException($"'{path}' has {heads} heads in a width of {width} and no head width; "
                + "the width must be a multiple of the heads, or key 19 present.");

        var isLlama = family == "llama";
        var experts = family == "qwen3_moe" ? Experts(pairs) : ExpertsConfig.None;
        var headDim = pairs.Need(19, "head width", 1, int.MaxValue, otherwise: width / heads);
        return new ModelConfig
        {
            Architecture = family,
            VocabularySize = pairs.Need(9, "vocabulary", 1, int.MaxValue),
            Layers = pairs.Need(4, "count of layers", 1, int.MaxValue),
            Width = width,
            FeedForwardWidth = experts.Count > 0 ? 0 : pairs.Need(3, "feed-forward width", 1, int.MaxValue),
            Experts = experts,
            Heads = heads,
            KvHeads = pairs.Need(6, "count of key-value heads", 1, int.MaxValue),
            HeadDim = headDim,
            ContextLength = pairs.Need(10, "context", 1, int.MaxValue),
            NormEpsilon = pairs.Need(20, "norm epsilon", 5, 6, otherwise: 5) == 5 ? 1e-5f : 1e-6f,
            Rope = new RopeConfig
            {
                Theta = pairs.Need(12, "rope base", 1, int.MaxValue, otherwise: 10_000),
                Dimensions = headDim,
                Pairs = isLlama ? RopePairs.Adjacent : RopePairs.Halves,
                Scaling = isLlama ? Scaling(pairs, path) : RopeScaling.None,
            },
        };
    }

    private static ExpertsConfig Experts(DllamaPairs pairs) => new()
    {
        Count = pairs.Need(7, "count of experts", 1, int.MaxValue),
        Active = pairs.Need(8, "count of active experts", 1, int.MaxValue),
        Width = pairs.Need(21, "expert width", 1, int.MaxValue),
        IsNormalized = true,
    };

    /// <summary>Llama 3's rule applies whenever there is a factor, also where the rope type is plain Llama.</summary>
    private static RopeScaling Scaling(DllamaPairs pairs, string path)
    {
        const int llama = 0, llama31 = 2;
        if (pairs.Get(18, llama) is not (llama or llama31))
            throw new ModelFormatException($"'{path}' is a Llama of rope type {pairs.Get(18, llama)}; 0 and 2 may be.");
        var factor = pairs.Get(14, 1);
        return factor == 1
            ? RopeScaling.None
            : new RopeScaling.Llama3(factor, pairs.Get(15, 0), pairs.Get(16, 0), pairs.Get(17, 0));
    }
}
