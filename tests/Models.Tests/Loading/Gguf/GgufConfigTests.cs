using Minka.Compute;
using Minka.Models.Loading;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Gguf;

public sealed class GgufConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_llama_rotates_adjacent_pairs_and_qwens_halves()
    {
        Assert.Equal(RopePairs.Adjacent, Read(Model("llama")).Rope.Pairs);
        Assert.Equal(RopePairs.Halves, Read(Model("qwen2")).Rope.Pairs);
        Assert.Equal(RopePairs.Halves, Read(Model("qwen3")).Rope.Pairs);
    }

    [Fact]
    public void Everything_is_taken_from_its_key()
    {
        var config = Read(Model("qwen3").Add("qwen3.attention.key_length", 32).Add("qwen3.attention.value_length", 32)
            .Add("qwen3.rope.freq_base", 1e6f).Add("general.name", "Tiny"));

        Assert.Equal(("qwen3", "Tiny", 10, 2, 64, 128), (config.Architecture, config.Name, config.VocabularySize,
            config.Layers, config.Width, config.FeedForwardWidth));
        Assert.Equal((4, 2, 32, 256), (config.Heads, config.KvHeads, config.HeadDim, config.ContextLength));
        Assert.Equal((1e-5f, 1e6f, 32), (config.NormEpsilon, config.Rope.Theta, config.Rope.Dimensions));
        Assert.True(config.TiedEmbeddings);
        Assert.False(Read(Model("qwen3").AddTensor("output.weight", [1, 1], 0)).TiedEmbeddings);
    }

    [Fact]
    public void Heads_may_be_listed_per_layer_when_they_are_equal()
    {
        Assert.Equal(2, Read(Model("llama", kvHeads: new[] { 2, 2 })).KvHeads);
        Assert.Throws<UnsupportedModelException>(() => Read(Model("llama", kvHeads: new[] { 2, 4 })));
        Assert.Throws<UnsupportedModelException>(() => Read(Model("llama", kvHeads: new[] { 2 })));
    }

    [Fact]
    public void Frequency_divisors_are_read_from_their_tensor()
    {
        float[] divisors = [1, 2, 3, 4, 5, 6, 7, 8];
        var config = Read(Model("llama").AddTensor("rope_freqs.weight", [8], divisors));
        Assert.Equal(divisors, config.Rope.FrequencyDivisors);

        Assert.Throws<ModelFormatException>(
            () => Read(Model("llama").AddTensor("rope_freqs.weight", [7], new float[7])));
        Assert.Throws<ModelFormatException>(
            () => Read(Model("llama").AddTensor("rope_freqs.weight", [8], new float[8])));
    }

    [Fact]
    public void Scalings_are_read()
    {
        Assert.Equal(RopeScaling.None, Read(Model("llama")).Rope.Scaling);
        Assert.Equal(RopeScaling.None, Scaled("none", 4));
        Assert.Equal(new RopeScaling.Linear(4), Scaled("linear", 4));
        Assert.Equal(new RopeScaling.Linear(2), Read(Model("llama").Add("llama.rope.scale_linear", 2f)).Rope.Scaling);

        // ggml multiplies by 1 + 0.1 ln(4).
        Assert.Equal(new RopeScaling.Yarn(4, 256, 32, 1, 1.1386294f, true), Scaled("yarn", 4));
        Assert.Throws<UnsupportedModelException>(() => Scaled("longrope", 4));
    }

    [Fact]
    public void A_llama_with_a_window_is_a_mistral()
    {
        var config = Read(Model("llama").Add("llama.attention.sliding_window", 16u));

        Assert.Equal("mistral", config.Architecture);
        Assert.Equal((16, 16), (config.Window(0), config.Window(1)));
    }

    [Fact]
    public void A_llama_of_experts_is_a_mixtral()
    {
        var config = Read(Mixture("llama"));

        Assert.Equal(("mixtral", 0, 128), (config.Architecture, config.FeedForwardWidth, config.Experts.Width));
        Assert.Equal((4, 2, true), (config.Experts.Count, config.Experts.Active, config.Experts.IsNormalized));
        Assert.Equal("llama", Read(Model("llama").Add("llama.expert_count", 0u)).Architecture);
    }

    [Fact]
    public void Layers_without_a_router_are_dense()
    {
        var all = Read(Mixture("qwen3moe").Add("qwen3moe.expert_feed_forward_length", 48u));
        var some = Read(Mixture("qwen3moe", routers: 1).Add("qwen3moe.expert_feed_forward_length", 48u)
            .Add("qwen3moe.expert_weights_norm", false));

        Assert.Equal(("qwen3_moe", 0, 48), (all.Architecture, all.FeedForwardWidth, all.Experts.Width));
        Assert.Equal((128, 48, false), (some.FeedForwardWidth, some.Experts.Width, some.Experts.IsNormalized));
        Assert.Equal([1], some.Experts.DenseLayers);
    }

    [Theory, InlineData("expert_count", 20_000), InlineData("expert_used_count", 5), InlineData("expert_used_count", 0)]
    [InlineData("expert_feed_forward_length", 0)]
    public void An_impossible_number_of_experts_is_refused(string key, int value) =>
        Assert.Throws<ModelFormatException>(() => Read(Mixture("llama", without: key).Add($"llama.{key}", value)));

    [Theory]
    [InlineData("llama.block_count"), InlineData("llama.embedding_length"), InlineData("llama.context_length")]
    [InlineData("llama.attention.head_count"), InlineData("llama.feed_forward_length")]
    [InlineData("llama.attention.layer_norm_rms_epsilon"), InlineData("general.architecture")]
    public void A_key_that_is_missing_or_of_another_kind_is_named(string key)
    {
        var missing = Assert.Throws<ModelFormatException>(() => Read(Model("llama", without: key)));
        Assert.Contains(key, missing.Message, StringComparison.Ordinal);
        var other = Assert.Throws<ModelFormatException>(() => Read(Model("llama", without: key).Add(key, true)));
        Assert.Contains(key, other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_built_is_told_apart()
    {
        Assert.Equal("architecture gemma3", Unsupported(new GgufWriter().Add("general.architecture", "gemma3")));
        Assert.Equal("shared experts", Unsupported(Mixture("qwen3moe").Add("qwen3moe.expert_shared_count", 1u)));
        Assert.Equal("expert gating 2", Unsupported(Mixture("qwen3moe").Add("qwen3moe.expert_gating_func", 2u)));
        Assert.Equal("experts chosen by groups",
            Unsupported(Mixture("qwen3moe").Add("qwen3moe.expert_group_count", 8u)));
        Assert.Equal("scaled expert shares",
            Unsupported(Mixture("qwen3moe").Add("qwen3moe.expert_weights_scale", 2.5f)));
        Assert.Contains("keys", Unsupported(Model("qwen3").Add("qwen3.attention.value_length", 8)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_alone_is_no_model()
    {
        var e = Assert.Throws<ModelFormatException>(() => Read(Model("llama", embedding: false)));
        Assert.Contains("vocabulary", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_and_suggestions_are_in_the_metadata()
    {
        using var file = Open(Model("llama").Add("tokenizer.chat_template", "A")
            .Add("tokenizer.chat_template.tool_use", "B").Add("tokenizer.ggml.eos_token_id", 2u)
            .Add("tokenizer.ggml.eot_token_id", 5u)
            .Add("general.sampling.temp", 0.6f).Add("general.sampling.top_k", 40));

        Assert.Equal(("A", "B"), (file.ChatTemplates["default"], file.ChatTemplates["tool_use"]));
        Assert.Equal([2, 5], file.Defaults.EosIds);
        Assert.Equal((0.6f, 40, null), (file.Defaults.Temperature, file.Defaults.TopK, file.Defaults.TopP));
    }

    public void Dispose() => _folder.Dispose();

    private static GgufWriter Model(
        string architecture, object? kvHeads = null, string without = "", bool embedding = true)
    {
        var writer = new GgufWriter();
        Add("general.architecture", architecture);
        Add($"{architecture}.block_count", 2u);
        Add($"{architecture}.embedding_length", 64u);
        Add($"{architecture}.feed_forward_length", 128u);
        Add($"{architecture}.context_length", 256u);
        Add($"{architecture}.attention.head_count", 4u);
        Add($"{architecture}.attention.head_count_kv", kvHeads ?? 2u);
        Add($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        return embedding ? writer.AddTensor("token_embd.weight", [10, 64], new float[640]) : writer;

        void Add(string key, object value)
        {
            if (key != without) writer.Add(key, value);
        }
    }

    private static GgufWriter Mixture(string architecture, int routers = 2, string without = "")
    {
        var writer = Model(architecture);
        if (without != "expert_count") writer.Add($"{architecture}.expert_count", 4u);
        if (without != "expert_used_count") writer.Add($"{architecture}.expert_used_count", 2u);
        for (var layer = 0; layer < routers; layer++)
            writer.AddTensor($"blk.{layer}.ffn_gate_inp.weight", [4, 64], new float[256]);
        return writer;
    }

    private RopeScaling Scaled(string type, float factor) => Read(Model("llama")
        .Add("llama.rope.scaling.type", type).Add("llama.rope.scaling.factor", factor)).Rope.Scaling;

    private string Unsupported(GgufWriter writer) =>
        Assert.Throws<UnsupportedModelException>(() => Read(writer)).Feature;

    private ModelConfig Read(GgufWriter writer)
    {
        using var file = Open(writer);
        return file.Config;
    }

    private GgufFile Open(GgufWriter writer) => GgufFile.Open(_folder.Write("model.gguf", writer.ToArray()));
}
