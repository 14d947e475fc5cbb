using Minka.Models.Loading;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading;

public sealed class ModelFilesTests : IDisposable
{
    private const string Config = """
        {"model_type": "llama", "vocab_size": 6, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 2}
        """;

    private static readonly byte[] _safetensors = new SafetensorsWriter().Add("model.norm.weight", [1], 1).ToArray();

    private static readonly byte[] _gguf = new GgufWriter().Add("general.architecture", "llama")
        .Add("llama.block_count", 1).Add("llama.embedding_length", 4).Add("llama.feed_forward_length", 8)
        .Add("llama.context_length", 16).Add("llama.attention.head_count", 2)
        .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f).AddTensor("token_embd.weight", [2, 4], new float[8])
        .ToArray();

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_kind_is_found_from_bytes_whatever_the_name()
    {
        using var gguf = ModelFiles.Open(_folder.Write("weights.safetensors", _gguf));
        Assert.Equal("GGUF v3", gguf.Format);

        _folder.Write("config.json", Config);
        using var folder = ModelFiles.Open(_folder.Write("weights.gguf", _safetensors));
        Assert.Equal("safetensors", folder.Format);
        Assert.Equal(4, ModelFiles.WeightBytes(folder));
    }

    [Fact]
    public void A_folder_is_a_hugging_face_model_or_holds_one_gguf()
    {
        _folder.Write("config.json", Config);
        _folder.Write("model.gguf", _gguf);
        using (var file = ModelFiles.Open(_folder.Path)) Assert.Equal("GGUF v3", file.Format);

        _folder.Write("model.safetensors", _safetensors);
        using (var file = ModelFiles.Open(_folder.Path)) Assert.Equal("safetensors", file.Format);
    }

    [Fact]
    public void A_folder_with_several_models_wants_one_named()
    {
        _folder.Write("a.gguf", _gguf);
        _folder.Write("b.gguf", _gguf);

        Refused(_folder.Path, "name one");
    }

    [Fact]
    public void What_is_no_model_is_described()
    {
        Refused(Path.Combine(_folder.Path, "none"), "There is no file");
        Refused(_folder.Path, "holds no model");
        Refused(_folder.Write("empty", ""), "is empty");
        Refused(_folder.Write("short", "x"), "begins with 78");
        Refused(_folder.Write("text", "{\"a\": 1}"), "a JSON text");
        Refused(_folder.Write("zip", "PK\u0003\u0004etc"), "zip archive");
        Refused(_folder.Write("pointer", "version https://git-lfs.github.com/spec/v1\n"), "Git LFS pointer");
        Refused(_folder.Write("alone", _safetensors), "config.json");
        Refused(_folder.Write("tokenizer", new DllamaTokenizerWriter().Add("a", 0).ToArray()), "tokenizer");
        _folder.Write("config.json", Config);
        Refused(_folder.Path, "no safetensors files");
    }

    [Fact]
    public void An_architecture_that_is_not_built_can_be_looked_at()
    {
        var path = _folder.Write("a.gguf", new GgufWriter().Add("general.architecture", "mamba").ToArray());

        Assert.Throws<UnsupportedModelException>(() => ModelFiles.Open(path));
        using var file = ModelFiles.Inspect(path);
        Assert.Empty(file.Stored);
    }

    [Fact]
    public void Every_real_model_opens_and_every_weight_can_be_read()
    {
        var opened = 0;
        foreach (var path in SharedFiles.Find("*.gguf").Concat(SharedFiles.Find("config.json")))
        {
            using var file = ModelFiles.Inspect(path.EndsWith(".gguf", StringComparison.Ordinal)
                ? path : Path.GetDirectoryName(path)!);
            if (file.Stored.Count == 0 || !IsBuilt(file)) continue;

            opened++;
            Assert.Equal(file.Config.VocabularySize, Read(file, "token_embd.weight").Rows);
            var last = file.Config.Layers - 1;
            var isSparse = file.Config.Experts.IsSparse(last);
            Assert.Equal(file.Config.Width * (isSparse ? file.Config.Experts.Count : 1),
                Read(file, $"blk.{last}.ffn_down{(isSparse ? "_exps" : "")}.weight").Rows);
            Assert.Equal(file.Config.Width, Read(file, "output_norm.weight").Columns);
            Assert.Equal(!file.Config.TiedEmbeddings, file.TryFind("output.weight", out _));
        }
        Assert.True(opened > 0, "No model of a known architecture was found.");
    }

    public void Dispose() => _folder.Dispose();

    private static bool IsBuilt(IWeightFile file)
    {
        try
        {
            return file.Config is not null;
        }
        catch (UnsupportedModelException e)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"Skipped {file.Path}: {e.Feature}");
            return false;
        }
    }

    private static (int Rows, int Columns) Read(IWeightFile file, string name)
    {
        Assert.True(file.TryFind(name, out var weight), $"{file.Path}: {name}");
        var rowBytes = (int)Compute.DTypes.RowBytes(weight.Type, weight.Columns);
        weight.ReadRows(weight.Rows - 1, 1, new byte[rowBytes]);
        return (weight.Rows, weight.Columns);
    }

    private static void Refused(string path, string because)
    {
        var e = Assert.Throws<ModelFormatException>(() => ModelFiles.Open(path));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }
}
