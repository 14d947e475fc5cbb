using System.Text.Json.Serialization;
using Minka.Compute;

namespace Minka.Models;

/// <summary>Hyperparameters of a decoder, whatever file they came from.</summary>
public sealed record ModelConfig
{
    /// <summary>Family name as in <c>Architectures</c>: llama, mistral, mixtral, qwen2, qwen3, qwen3_moe, …</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's own name, when its file has one.</summary>
    public string? Name { get; init; }

    /// <summary>Rows of the embedding and of the logits, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Decoder layers, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Model width, D.</summary>
    public required int Width { get; init; }

    /// <summary>Feed-forward width, F, of dense layers; 0 where every layer has experts.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Query heads, H.</summary>
    public required int Heads { get; init; }

    /// <summary>Key-value heads, K.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a head, C; not always D / H.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Added under the square root of RMS norm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Rotary position embedding.</summary>
    public required RopeConfig Rope { get; init; }

    /// <summary>Experts of the layers that are not dense.</summary>
    public ExpertsConfig Experts { get; init; } = ExpertsConfig.None;

    /// <summary>Sliding window of each layer in tokens; 0 sees everything. Empty means no layer slides.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [];

    /// <summary>The output matrix is the embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Sliding window of one layer; 0 sees everything.</summary>
    public int Window(int layer) => Windows.Count == 0 ? 0 : Windows[layer];
}

/// <summary>Rotary position embedding and how it is stretched.</summary>
public sealed record RopeConfig
{
    /// <summary>Base of the frequencies.</summary>
    public required float Theta { get; init; }

    /// <summary>Dimensions of a head that rotate, R.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Which two dimensions rotate together, as this file stores its q and k rows.</summary>
    public required RopePairs Pairs { get; init; }

    /// <summary>How the frequencies are stretched.</summary>
    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>Prompts of more tokens have other keys for the same beginning than prompts of another length.</summary>
    public int GetSharedLengthMax() =>
        Scaling is RopeScaling.DynamicNtk dynamic ? dynamic.OriginalContext : int.MaxValue;

    /// <summary>Divisor of each of the R/2 frequencies, as GGUF's <c>rope_freqs.weight</c>; empty for none.</summary>
    public IReadOnlyList<float> FrequencyDivisors { get; init; } = [];
}

/// <summary>Rope scalings, with transformers' names and meanings.</summary>
[JsonDerivedType(typeof(Unscaled), "none")]
[JsonDerivedType(typeof(Linear), "linear")]
[JsonDerivedType(typeof(Llama3), "llama3")]
[JsonDerivedType(typeof(Yarn), "yarn")]
[JsonDerivedType(typeof(DynamicNtk), "dynamic")]
public abstract record RopeScaling
{
    /// <summary>Frequencies as they are.</summary>
    public static readonly RopeScaling None = new Unscaled();

    /// <summary>No scaling.</summary>
    public sealed record Unscaled : RopeScaling;

    /// <summary>All frequencies divided by a factor (Chen et al. 2023).</summary>
    public sealed record Linear(float Factor) : RopeScaling;

    /// <summary>Llama 3.1: long waves divided, short ones kept, a ramp between.</summary>
    public sealed record Llama3(float Factor, float LowFrequencyFactor, float HighFrequencyFactor, int OriginalContext)
        : RopeScaling;

    /// <summary>YaRN (Peng et al. 2023). Cosines and sines are multiplied by <c>AttentionFactor</c>.</summary>
    public sealed record Yarn(
        float Factor, int OriginalContext, float BetaFast, float BetaSlow, float AttentionFactor, bool Truncate)
        : RopeScaling;

    /// <summary>Dynamic NTK: the base grows with the sequence once it is longer than <c>OriginalContext</c>.</summary>
    public sealed record DynamicNtk(float Factor, int OriginalContext) : RopeScaling;
}
