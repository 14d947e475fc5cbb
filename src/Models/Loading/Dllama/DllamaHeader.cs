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
        var isQwen3 = architecture switch
        {
            LlamaArchitecture => false,
            Qwen3Architecture => true,
            Qwen3MoeArchitecture => throw new UnsupportedModelException("architecture qwen3_moe",
                $"'{path}' is a Qwen3 mixture of experts; of distributed-llama files Minka runs llama and qwen3."),
            _ => throw new UnsupportedModelException($"architecture {architecture:X}",
                $"'{path}' is of architecture 0x{architecture:X}; of distributed-llama files Minka runs llama, qwen3."),
        };
        if (pairs.Get(7, 0) != 0)
            throw new UnsupportedModelException("mixture of experts",
                $"'{path}' has {pairs.Get(7, 0)} experts in each layer; Minka does not run mixtures of experts yet.");

        var config = ConfigRules.Check(path, Configure(pairs, path, isQwen3));
        var type = pairs.Need(13, "weight type", 0, 3) switch
        {
            0 => DType.F32,
            1 => DType.F16,
            2 => DType.Q4_0,
            _ => DType.Q8_0,
        };
        return new DllamaHeader(config, type, isQwen3);
    }

    private static ModelConfig Configure(DllamaPairs pairs, string path, bool isQwen3)
    {
        var width = pairs.Need(2, "width", 1, int.MaxValue);
        var heads = pairs.Need(5, "count of heads", 1, int.MaxValue);
        if (!pairs.Has(19) && width % heads != 0)
            throw new ModelFormatException($"'{path}' has {heads} heads in a width of {width} and no head width; "
                + "the width must be a multiple of the heads, or key 19 present.");

        var headDim = pairs.Need(19, "head width", 1, int.MaxValue, otherwise: width / heads);
        return new ModelConfig
        {
            Architecture = isQwen3 ? "qwen3" : "llama",
            VocabularySize = pairs.Need(9, "vocabulary", 1, int.MaxValue),
            Layers = pairs.Need(4, "count of layers", 1, int.MaxValue),
            Width = width,
            FeedForwardWidth = pairs.Need(3, "feed-forward width", 1, int.MaxValue),
            Heads = heads,
            KvHeads = pairs.Need(6, "count of key-value heads", 1, int.MaxValue),
            HeadDim = headDim,
            ContextLength = pairs.Need(10, "context", 1, int.MaxValue),
            NormEpsilon = pairs.Need(20, "norm epsilon", 5, 6, otherwise: 5) == 5 ? 1e-5f : 1e-6f,
            Rope = new RopeConfig
            {
                Theta = pairs.Need(12, "rope base", 1, int.MaxValue, otherwise: 10_000),
                Dimensions = headDim,
                Pairs = isQwen3 ? RopePairs.Halves : RopePairs.Adjacent,
                Scaling = isQwen3 ? RopeScaling.None : Scaling(pairs, path),
            },
        };
    }

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
