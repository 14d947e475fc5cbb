using System.Diagnostics.CodeAnalysis;
using Minka.Compute;

namespace Minka.Models.Loading.Gguf;

/// <summary>A model (or only its vocabulary) in GGUF, in one file or split into parts.</summary>
public sealed class GgufFile : IWeightFile
{
    private readonly List<FileBytes> _files;
    private readonly Dictionary<string, GgufTensor> _tensors;
    private readonly int _version;
    private ModelConfig? _config;

    private GgufFile(string path, List<FileBytes> files, IReadOnlyList<GgufPart> parts)
    {
        Path = path;
        _files = files;
        _version = parts[0].Version;
        Metadata = parts[0].Metadata;
        _tensors = [];
        foreach (var tensor in parts.SelectMany(part => part.Tensors))
        {
            if (!_tensors.TryAdd(tensor.Name, tensor))
                throw new ModelFormatException($"Two parts of '{path}' have the tensor '{tensor.Name}'; one may.");
        }
        Defaults = GgufTexts.Defaults(path, Metadata);
        ChatTemplates = GgufTexts.ChatTemplates(Metadata);
        Stored = [.. _tensors.Values.Select(t => new StoredTensor(t.Name, t.Type.Name, t.Shape, t.Bytes))];
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public string Format => $"GGUF v{_version}";

    /// <summary>The key-value pairs; of split files those of the first part.</summary>
    public GgufMetadata Metadata { get; }

    /// <inheritdoc/>
    public ModelConfig Config => _config ??= GgufConfig.Read(this);

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Stored { get; }

    /// <inheritdoc/>
    public GenerationDefaults Defaults { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; }

    /// <summary>Opens a file, and with any part of a split model all its parts.</summary>
    /// <remarks>Hyperparameters are read when asked for: a file may hold a vocabulary and no model.</remarks>
    /// <exception cref="ModelFormatException">It is no sound GGUF file.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static GgufFile Open(string path)
    {
        var files = new List<FileBytes>();
        try
        {
            files.Add(FileBytes.Open(path));
            var part = GgufReader.Read(files[0]);
            var parts = GgufSplit.Find(path, part.Metadata) is { } split ? split.OpenOthers(part, files) : [part];
            return new GgufFile(path, files, parts);
        }
        catch
        {
            foreach (var file in files) file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = FindWeight(name);
        if (weight is null && ExpertStack.IsName(name))
            weight = ExpertStack.Find(Path, name, Config.Experts.Count, FindWeight);
        return weight is not null;
    }

    private FileWeightSource? FindWeight(string name) =>
        _tensors.TryGetValue(name, out var tensor) ? Source(tensor) : null;

    /// <summary>A short vector of floats that configures the model; null when the file has none of that name.</summary>
    internal float[]? Floats(string name, int length)
    {
        if (!_tensors.TryGetValue(name, out var tensor)) return null;
        var source = Source(tensor);
        if (source.Rows != 1 || source.Columns != length)
            throw new ModelFormatException($"Tensor '{name}' of '{Path}' has {source.Rows} x {source.Columns} values; "
                + $"{length} are needed.");
        return source.ReadFloats();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private static FileWeightSource Source(GgufTensor tensor)
    {
        var type = tensor.Type.Runs ?? throw new UnsupportedModelException($"tensor type {tensor.Type.Name}",
            $"Tensor '{tensor.Name}' of '{tensor.File.Path}' is stored as {tensor.Type.Name}, which Minka does not "
            + $"compute with yet; it knows {string.Join(", ", Enum.GetNames<DType>())}.");
        return FileWeightSource.Create(tensor.Name, type, tensor.Shape, tensor.File, tensor.Offset);
    }
}
