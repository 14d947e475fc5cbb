using System.Text.Json;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>The tensors of a model over one or several safetensors files.</summary>
internal sealed class SafetensorsSet : IDisposable
{
    private const string Single = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsTensor> _tensors = [];

    private SafetensorsSet() { }

    /// <summary>All tensors by the file's names.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors => _tensors;

    /// <summary>A file, with all other shards when the index beside it counts it among them.</summary>
    public static SafetensorsSet OpenFile(string folder, string path)
    {
        var index = Path.Combine(folder, Index);
        var shards = File.Exists(index) ? ReadIndex(index) : [];
        return Open(shards.ContainsValue(Path.GetFileName(path))
            ? set => set.AddShards(folder, index, shards)
            : set => set.AddWhole(path));
    }

    public static SafetensorsSet OpenFolder(string folder)
    {
        var single = Path.Combine(folder, Single);
        if (File.Exists(single)) return Open(set => set.AddWhole(single));
        var index = Path.Combine(folder, Index);
        if (File.Exists(index)) return Open(set => set.AddShards(folder, index, ReadIndex(index)));

        string[] others = [.. Directory.EnumerateFiles(folder, "*.safetensors").Take(2)];
        return others.Length == 1 ? Open(set => set.AddWhole(others[0])) : throw new ModelFormatException(
            $"'{folder}' has neither {Single} nor {Index}, and {(others.Length == 0 ? "no" : "several")} other "
            + "safetensors files; fetch the missing file, or name the one to use.");
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private static SafetensorsSet Open(Action<SafetensorsSet> fill)
    {
        var set = new SafetensorsSet();
        try
        {
            fill(set);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    private void AddWhole(string path)
    {
        foreach (var (name, tensor) in Add(path).Tensors) _tensors.Add(name, tensor);
    }

    private void AddShards(string folder, string index, Dictionary<string, string> shardByTensor)
    {
        var files = new Dictionary<string, SafetensorsFile>();
        foreach (var (name, shard) in shardByTensor)
        {
            if (!files.TryGetValue(shard, out var file))
            {
                if (!File.Exists(Path.Combine(folder, shard)))
                    throw new ModelFormatException($"'{index}' needs '{shard}', which is not beside it; fetch it.");
                files.Add(shard, file = Add(Path.Combine(folder, shard)));
            }
            if (!file.Tensors.TryGetValue(name, out var tensor))
                throw new ModelFormatException($"'{index}' looks for the tensor '{name}' in '{shard}', which has none; "
                    + "the files are of different models, fetch them again.");
            _tensors.Add(name, tensor);
        }
    }

    private SafetensorsFile Add(string path)
    {
        if (_files.Count == FileLimits.SafetensorsShards)
            throw new ModelFormatException($"'{path}' is one of more than {FileLimits.SafetensorsShards} shards.");
        var file = SafetensorsFile.Open(path);
        _files.Add(file);
        return file;
    }

    /// <summary>Tensor name to shard name.</summary>
    private static Dictionary<string, string> ReadIndex(string path)
    {
        using var document = JsonText.Parse(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"'{path}' has no weight_map, which says where each tensor is.");
        return ReadMap(path, map);
    }

    private static Dictionary<string, string> ReadMap(string path, JsonElement map)
    {
        var shards = new Dictionary<string, string>();
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (shard != Path.GetFileName(shard) || !shard.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new ModelFormatException($"'{path}' puts the tensor '{entry.Name}' into '{shard}'; the name of a "
                    + "safetensors file in the same folder is needed.");
            if (shards.Count == FileLimits.Tensors)
                throw new ModelFormatException($"'{path}' lists more than {FileLimits.Tensors} tensors.");
            if (!shards.TryAdd(entry.Name, shard))
                throw new ModelFormatException($"'{path}' lists the tensor '{entry.Name}' twice; one may stand.");
        }
        return shards;
    }
}
