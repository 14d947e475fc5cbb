using Minka.Compute;
using Minka.Models.Loading;
using Minka.Models.Loading.Dllama;
using Minka.Models.Loading.Gguf;
using Minka.Models.Loading.HuggingFace;

namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>A sound model, the one of its files that is damaged, and everything a reader does with it.</summary>
/// <param name="Name">For the test's name.</param>
/// <param name="File">The file to damage.</param>
/// <param name="Files">All files of the sound model.</param>
/// <param name="Read">Reads everything there is to read.</param>
internal sealed record FuzzTarget(
    string Name, string File, IReadOnlyDictionary<string, byte[]> Files, Action<string> Read)
{
    /// <summary>One for every kind of file.</summary>
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        Single("GGUF", SampleModels.Gguf(), path => ReadGguf(GgufFile.Open(path))),
        new("split GGUF", "model-00002-of-00002.gguf", SampleModels.SplitGguf(), path => ReadGguf(GgufFile.Open(path))),
        Single("distributed-llama model", SampleModels.Dllama(), path => ReadWeights(DllamaFile.Open(path))),
        Single("mixture in GGUF", SampleModels.Mixture(), path => ReadGguf(GgufFile.Open(path))),
        Single("distributed-llama mixture", SampleModels.DllamaMixture(), path => ReadWeights(DllamaFile.Open(path))),
        Single("distributed-llama tokenizer", SampleModels.DllamaTokenizer(), path => DllamaTokenizerFile.Open(path)),
        Folder("model-1.safetensors"),
        Folder("config.json"),
        Folder("model.safetensors.index.json"),
        Folder("generation_config.json"),
        Folder("tokenizer_config.json"),
        Single("anything", [.. "PK\u0003\u0004version https://"u8], path => ModelFiles.Open(path).Dispose()),
    ];

    public override string ToString() => Name;

    private static FuzzTarget Single(string name, byte[] bytes, Action<string> read) =>
        new(name, "file", new Dictionary<string, byte[]> { ["file"] = bytes }, read);

    private static FuzzTarget Folder(string file) => new(file, file, SampleModels.HuggingFace(),
        path => ReadWeights(HuggingFaceFolder.Open(Path.GetDirectoryName(path)!)));

    private static void ReadGguf(GgufFile file)
    {
        try
        {
            foreach (var (key, _) in file.Metadata.Entries)
            {
                file.Metadata.Strings(key);
                file.Metadata.Integers(key);
                file.Metadata.Floats(key);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
        ReadWeights(file);
    }

    private static void ReadWeights(IWeightFile file)
    {
        using var _ = file;
        ModelFiles.WeightBytes(file);
        for (var layer = 0; layer < Math.Min(file.Config.Layers, 3); layer++)
        {
            ReadEnds(file, $"blk.{layer}.attn_q.weight");
            ReadEnds(file, $"blk.{layer}.attn_norm.weight");
            ReadEnds(file, $"blk.{layer}.ffn_gate_exps.weight");
        }
        ReadEnds(file, "token_embd.weight");
        ReadEnds(file, "output.weight");
    }

    private static void ReadEnds(IWeightFile file, string name)
    {
        if (!file.TryFind(name, out var weight)) return;
        var row = new byte[weight.Type.RowBytes(weight.Columns)];
        weight.ReadRows(0, 1, row);
        weight.ReadRows(weight.Rows - 1, 1, row);
    }
}
