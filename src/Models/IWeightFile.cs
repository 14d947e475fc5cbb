using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Minka.Compute;
using Minka.Models.Loading;

namespace Minka.Models;

/// <summary>A model's weights and hyperparameters as they lie on disk, whatever the format.</summary>
/// <remarks>
/// Weights go by GGUF's names in every format: <c>token_embd.weight</c>, <c>blk.N.attn_q.weight</c>,
/// <c>blk.N.attn_q.bias</c>, <c>blk.N.attn_q_norm.weight</c>, <c>blk.N.attn_norm.weight</c>, <c>blk.N.attn_k…</c>,
/// <c>attn_v</c>, <c>attn_output</c>, <c>ffn_norm</c>, <c>ffn_gate</c>, <c>ffn_up</c>, <c>ffn_down</c>,
/// <c>ffn_gate_inp</c> (a router), <c>ffn_gate_exps</c>, <c>ffn_up_exps</c>, <c>ffn_down_exps</c> (rows of one expert
/// below those of the one before, also where the file keeps them apart or gate and up together),
/// <c>output_norm.weight</c>, <c>output.weight</c> (absent when tied).
/// </remarks>
public interface IWeightFile : IDisposable
{
    /// <summary>File or folder.</summary>
    string Path { get; }

    /// <summary>Format for people: "GGUF v3", "safetensors", "distributed-llama".</summary>
    string Format { get; }

    /// <summary>Hyperparameters, checked.</summary>
    ModelConfig Config { get; }

    /// <summary>Every tensor as it is called and stored in the file, for <c>inspect</c>.</summary>
    IReadOnlyList<StoredTensor> Stored { get; }

    /// <summary>How its makers suggest to sample from it.</summary>
    GenerationDefaults Defaults => GenerationDefaults.None;

    /// <summary>Chat templates in Jinja by name (<see cref="ChatTemplateNames"/>); may be empty.</summary>
    IReadOnlyDictionary<string, string> ChatTemplates => ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What the file itself calls a weight, for people.</summary>
    string NameOf(string weight) => weight;

    /// <summary>Finds a weight by its GGUF name.</summary>
    bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight);
}

/// <summary>A tensor as its file describes it.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">The file's own type name, e.g. <c>Q4_0</c>, <c>BF16</c>, <c>F8_E4M3</c>.</param>
/// <param name="Shape">Slowest dimension first.</param>
/// <param name="Bytes">Size.</param>
public sealed record StoredTensor(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);

/// <summary>A model that cannot be used: what was found, what was needed, what to do.</summary>
public class ModelFormatException : Exception
{
    /// <summary>Says it in one sentence.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>Says it in one sentence, with its cause.</summary>
    public ModelFormatException(string message, Exception cause) : base(message, cause) { }
}
