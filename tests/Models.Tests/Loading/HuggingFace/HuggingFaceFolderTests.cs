using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models.Loading;
using Minka.Models.Loading.HuggingFace;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.HuggingFace;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private const string Config = """
        {"model_type": "llama", "vocab_size": 6, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 2, "max_position_embeddings": 32, "eos_token_id": 2}
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Weights_go_by_their_gguf_names()
    {
        _folder.Write("config.json", Config);
        _folder.Write("model.safetensors", new SafetensorsWriter()
            .Add("model.embed_tokens.weight", [1], 1).Add("model.layers.0.self_attn.q_proj.weight", [1], 2)
            .Add("model.layers.0.self_attn.q_proj.bias", [1], 3).Add("model.layers.0.input_layernorm.weight", [1], 4)
            .Add("model.layers.0.post_attention_layernorm.weight", [1], 5)
            .Add("model.layers.0.mlp.down_proj.weight", [1], 6).Add("model.norm.weight", [1], 7)
            .Add("lm_head.weight", [1], 8).ToArray());

        using var model = HuggingFaceFolder.Open(_folder.Path);

        string[] names = ["token_embd.weight", "blk.0.attn_q.weight", "blk.0.attn_q.bias", "blk.0.attn_norm.weight",
            "blk.0.ffn_norm.weight", "blk.0.ffn_down.weight", "output_norm.weight", "output.weight"];
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], names.Select(name => Value(model, name)));
        Assert.False(model.TryFind("blk.0.attn_k.weight", out _));
        Assert.False(model.TryFind("model.norm.weight", out _));
        Assert.Equal(8, model.Stored.Count);
        Assert.Equal(RopePairs.Halves, model.Config.Rope.Pairs);
    }

    [Fact]
    public void What_is_missing_is_named_as_the_file_would_name_it()
    {
        _folder.Write("config.json", Config);
        _folder.Write("model.safetensors", new SafetensorsWriter().Add("model.norm.weight", [4], 1, 1, 1, 1).ToArray());
        using var model = HuggingFaceFolder.Open(_folder.Path);
        using var backend = new CpuBackend(new() { Threads = 1 });

        var e = Assert.Throws<ModelFormatException>(
            () => Decoder.Load(model, backend, new() { KvBlocks = 2, Limits = new(1, 1, 1, 2) }));

        Assert.Contains("has no weight 'model.embed_tokens.weight'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_end_of_minus_one_is_none()
    {
        _folder.Write("config.json", Config.Replace("_id\": 2", "_id\": -1", StringComparison.Ordinal));
        _folder.Write("model.safetensors", new SafetensorsWriter().ToArray());

        using var model = HuggingFaceFolder.Open(_folder.Path);

        Assert.Empty(model.Defaults.EosIds);
    }

    [Fact]
    public void A_tied_model_has_no_output_matrix_even_where_the_file_does()
    {
        const string tied = "\"tie_word_embeddings\": true, ";
        _folder.Write("config.json", Config.Replace("\"eos", tied + "\"eos", StringComparison.Ordinal));
        _folder.Write("model.safetensors", new SafetensorsWriter().Add("lm_head.weight", [1], 8).ToArray());

        using var model = HuggingFaceFolder.Open(_folder.Path);

        Assert.True(model.Config.TiedEmbeddings);
        Assert.False(model.TryFind("output.weight", out _));
    }

    [Fact]
    public void Shards_are_one_model()
    {
        WriteShards("""{"weight_map":{"model.norm.weight":"1.safetensors","lm_head.weight":"2.safetensors"}}""");

        foreach (var path in new[] { _folder.Path, Path.Combine(_folder.Path, "2.safetensors") })
        {
            using var model = HuggingFaceFolder.Open(path);
            Assert.Equal((1, 2), (Value(model, "output_norm.weight"), Value(model, "output.weight")));
        }
    }

    [Theory]
    [InlineData("""{"weight_map":{"model.norm.weight":"2.safetensors"}}""", "has none")]
    [InlineData("""{"weight_map":{"model.norm.weight":"3.safetensors"}}""", "not beside it")]
    [InlineData("""{"weight_map":{"model.norm.weight":"../1.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"model.norm.weight":"model.safetensors.index.json"}}""", "same folder")]
    [InlineData("""{"weight_map":{"model.norm.weight":5}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}""", "twice")]
    [InlineData("""{"weight_map":["1.safetensors"]}""", "no weight_map")]
    [InlineData("""{"weight_map":{"a" """, "not sound JSON")]
    public void A_lying_index_is_refused(string index, string because)
    {
        WriteShards(index);

        var e = Assert.Throws<ModelFormatException>(() => HuggingFaceFolder.Open(_folder.Path));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Suggestions_come_from_generation_config_and_ends_from_both()
    {
        _folder.Write("config.json", Config);
        _folder.Write("model.safetensors", new SafetensorsWriter().ToArray());
        _folder.Write("generation_config.json", """
            {"do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "repetition_penalty": 1.05,
             "eos_token_id": [5, 2, 5]}
            """);

        using var model = HuggingFaceFolder.Open(_folder.Path);

        Assert.Equal((true, 0.7f, 20, 0.8f, null, 1.05f), (model.Defaults.DoSample, model.Defaults.Temperature,
            model.Defaults.TopK, model.Defaults.TopP, model.Defaults.MinP, model.Defaults.RepetitionPenalty));
        Assert.Equal([5, 2], model.Defaults.EosIds);
    }

    [Fact]
    public void Chat_templates_come_from_the_tokenizer_config_and_from_files_beside()
    {
        _folder.Write("config.json", Config);
        _folder.Write("model.safetensors", new SafetensorsWriter().ToArray());
        _folder.Write("tokenizer_config.json", """
            {"chat_template": [{"name": "default", "template": "A"}, {"name": "tool_use", "template": "B"}]}
            """);
        using (var model = HuggingFaceFolder.Open(_folder.Path))
        {
            Assert.Equal(("A", "B"), (model.ChatTemplates["default"], model.ChatTemplates["tool_use"]));
            Assert.NotNull(model.ReadTokenizerConfigJson());
            Assert.Null(model.ReadTokenizerJson());
        }

        _folder.Write("chat_template.jinja", "C");
        _folder.Write("tokenizer_config.json", """{"chat_template": "ignored"}""");
        using var other = HuggingFaceFolder.Open(_folder.Path);
        Assert.Equal("C", Assert.Single(other.ChatTemplates).Value);
    }

    [Theory]
    [InlineData("config.json", """{"model_type": "mamba"}""", "mamba")]
    [InlineData("config.json", """{"model_type": "llama", "quantization_config": {"quant_method": "gptq"}}""", "gptq")]
    public void What_is_not_built_is_told_apart(string name, string text, string feature)
    {
        _folder.Write(name, text);
        _folder.Write("model.safetensors", new SafetensorsWriter().ToArray());
        using var model = HuggingFaceFolder.Open(_folder.Path);

        var e = Assert.Throws<UnsupportedModelException>(() => model.Config);

        Assert.Contains(feature, e.Feature, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteShards(string index)
    {
        _folder.Write("config.json", Config);
        _folder.Write("1.safetensors", new SafetensorsWriter().Add("model.norm.weight", [1], 1).ToArray());
        _folder.Write("2.safetensors", new SafetensorsWriter().Add("lm_head.weight", [1], 2).ToArray());
        _folder.Write("model.safetensors.index.json", index);
    }

    private static float Value(HuggingFaceFolder model, string name)
    {
        Assert.True(model.TryFind(name, out var weight), name);
        var bytes = new byte[4];
        weight.ReadRows(0, 1, bytes);
        return BitConverter.ToSingle(bytes);
    }
}
