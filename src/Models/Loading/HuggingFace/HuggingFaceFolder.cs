using System.Diagnostics.CodeAnalysis;
using Minka.Compute;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>A model as it is published on Hugging Face: <c>config.json</c>, safetensors, tokenizer files.</summary>
public sealed class HuggingFaceFolder : IWeightFile
{
    private readonly SafetensorsSet _weights;
    private readonly ConfigJson _config;
    private HuggingFaceFamily? _family;
    private ModelConfig? _checkedConfig;

    private HuggingFaceFolder(string path, ConfigJson config, SafetensorsSet weights)
    {
        Path = path;
        _config = config;
        _weights = weights;
        Stored = [.. weights.Tensors.Values.Select(t => new StoredTensor(t.Name, t.Type, t.Shape, t.Bytes))];
        Defaults = HuggingFaceTexts.Defaults(path, config);
        ChatTemplates = HuggingFaceTexts.ChatTemplates(path);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public string Format => "safetensors";

    /// <inheritdoc/>
    public ModelConfig Config => _checkedConfig ??= ConfigRules.Check(_config.Path, Family.Configure(_config));

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Stored { get; }

    /// <inheritdoc/>
    public GenerationDefaults Defaults { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; }

    private HuggingFaceFamily Family => _family ??= HuggingFaceFamilies.Find(_config);

    /// <summary>Opens a folder, or one safetensors file of it.</summary>
    /// <remarks>Hyperparameters are read when asked for: a folder of an unknown family can be looked at.</remarks>
    /// <param name="path">
    /// The folder, whose weights are <c>model.safetensors</c>, the shards of <c>model.safetensors.index.json</c>, or
    /// its only safetensors file; or a file beside its <c>config.json</c>, of a model in shards any.
    /// </param>
    /// <exception cref="ModelFormatException">A file is missing or not sound.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        var isFolder = Directory.Exists(path);
        var folder = isFolder ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? path;
        var configPath = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new ModelFormatException($"'{folder}' has no config.json, without which weights are only numbers; "
                + "fetch it from where the model was published.");

        var config = ConfigJson.Read(configPath);
        var weights = isFolder ? SafetensorsSet.OpenFolder(path) : SafetensorsSet.OpenFile(folder, path);
        try
        {
            return new HuggingFaceFolder(folder, config, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of <c>tokenizer.json</c>; null when the folder has none.</summary>
    public byte[]? ReadTokenizerJson() => HuggingFaceTexts.ReadIfThere(Path, "tokenizer.json");

    /// <summary>The bytes of <c>tokenizer_config.json</c>; null when the folder has none.</summary>
    public byte[]? ReadTokenizerConfigJson() => HuggingFaceTexts.ReadIfThere(Path, HuggingFaceTexts.TokenizerConfig);

    /// <inheritdoc/>
    public string NameOf(string weight) => Family.TensorName(weight) ?? weight;

    /// <inheritdoc/>
    public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = name == "output.weight" && Config.TiedEmbeddings ? null
            : ExpertStack.IsName(name) ? ExpertStack.Find(Path, name, Config.Experts.Count, FindWeight)
            : FindWeight(name);
        return weight is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => _weights.Dispose();

    private FileWeightSource? FindWeight(string name) =>
        Family.TensorName(name) is { } stored ? Find(stored)?.AsWeight() : null;

    /// <summary>A model saved without its head has its tensors without <c>model.</c> in front.</summary>
    private SafetensorsTensor? Find(string name) =>
        _weights.Tensors.GetValueOrDefault(name)
        ?? (name.StartsWith("model.", StringComparison.Ordinal) ? _weights.Tensors.GetValueOrDefault(name[6..]) : null);
}
