using System.Text.Json.Nodes;
using Minka.Models.Loading;
using Minka.Models.Loading.HuggingFace;

namespace Minka.Models.Tests.Loading.HuggingFace;

/// <summary>The traps of <c>config.json</c>, one by one.</summary>
public sealed class FamilyTests : IDisposable
{
    private const string Plain = """
        {"vocab_size": 100, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
         "num_attention_heads": 4, "max_position_embeddings": 256}
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_is_absent_has_its_familys_default()
    {
        var config = Read("llama", "{}");

        Assert.Equal((4, 16, 10_000f, 1e-6f), (config.KvHeads, config.HeadDim, config.Rope.Theta, config.NormEpsilon));
        Assert.Equal((false, 0, 16), (config.TiedEmbeddings, config.Window(3), config.Rope.Dimensions));
        Assert.Equal(128, Read("qwen3", "{}").HeadDim);
        Assert.Equal(4096, Read("mistral", "{}").Window(0));
    }

    [Fact]
    public void A_head_width_of_its_own_wins() => Assert.Equal(32, Read("llama", """{"head_dim": 32}""").HeadDim);

    [Theory]
    [InlineData("""{"sliding_window": 24}""", 24), InlineData("""{"sliding_window": null}""", 0)]
    public void Mistral_slides_on_every_layer_or_none(string config, int window) =>
        Assert.All(Enumerable.Range(0, 4), layer => Assert.Equal(window, Read("mistral", config).Window(layer)));

    [Theory]
    [InlineData("""{"sliding_window": 20, "use_sliding_window": false, "max_window_layers": 2}""", "0 0 0 0")]
    [InlineData("""{"sliding_window": 20, "max_window_layers": 2}""", "0 0 0 0")]
    [InlineData("""{"sliding_window": 20, "use_sliding_window": true, "max_window_layers": 2}""", "0 0 20 20")]
    [InlineData("""{"sliding_window": null, "use_sliding_window": true, "max_window_layers": 2}""", "0 0 0 0")]
    [InlineData("""
        {"sliding_window": 20, "use_sliding_window": true, "max_window_layers": 2, "layer_types":
         ["sliding_attention", "full_attention", "full_attention", "sliding_attention"]}
        """, "20 0 0 20")]
    public void Qwen_slides_on_some_layers(string extra, string windows)
    {
        foreach (var family in new[] { "qwen2", "qwen3" })
        {
            var config = Read(family, extra);
            Assert.Equal(windows, string.Join(' ', Enumerable.Range(0, 4).Select(config.Window)));
        }
    }

    [Fact]
    public void Mixtral_has_experts_in_every_layer()
    {
        var config = Read("mixtral", """{"num_local_experts": 4, "num_experts_per_tok": 1, "sliding_window": 24}""");

        Assert.Equal((4, 1, 128, true), (config.Experts.Count, config.Experts.Active, config.Experts.Width,
            config.Experts.IsNormalized));
        Assert.Equal((0, 24, 1e6f), (config.FeedForwardWidth, config.Window(0), config.Rope.Theta));
        Assert.Equal((8, 2, 0), (Read("mixtral", "{}").Experts.Count, Read("mixtral", "{}").Experts.Active,
            Read("mixtral", "{}").Window(0)));
    }

    [Theory]
    [InlineData("{}", ""), InlineData("""{"decoder_sparse_step": 2}""", "0 2")]
    [InlineData("""{"mlp_only_layers": [3, 1, 9]}""", "1 3")]
    [InlineData("""{"decoder_sparse_step": 2, "mlp_only_layers": [1]}""", "0 1 2")]
    public void Qwen_has_experts_in_some_layers(string extra, string dense)
    {
        var config = Read("qwen3_moe", extra);

        Assert.Equal(dense, string.Join(' ', config.Experts.DenseLayers));
        Assert.Equal(dense.Length > 0 ? 128 : 0, config.FeedForwardWidth);
        Assert.Equal((128, 8, 768, false), (config.Experts.Count, config.Experts.Active, config.Experts.Width,
            config.Experts.IsNormalized));
    }

    [Theory]
    [InlineData("mixtral", """{"num_local_experts": 0}"""), InlineData("mixtral", """{"num_experts_per_tok": 9}""")]
    [InlineData("qwen3_moe", """{"decoder_sparse_step": 0}"""), InlineData("qwen3_moe", """{"num_experts": -1}""")]
    [InlineData("qwen3_moe", """{"moe_intermediate_size": 0}""")]
    [InlineData("qwen3_moe", """{"num_experts": 100000}""")]
    [InlineData("qwen3_moe", """{"moe_intermediate_size": 16777216, "num_experts": 16384}""")]
    public void An_impossible_number_of_experts_is_refused(string family, string extra) =>
        Assert.Throws<ModelFormatException>(() => Read(family, extra));

    [Theory]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 4.0}}""")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "factor": 4}}""")]
    [InlineData("""{"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000}}""")]
    public void Linear_scaling_has_three_spellings(string extra) =>
        Assert.Equal(new RopeScaling.Linear(4), Read("llama", extra).Rope.Scaling);

    [Fact]
    public void Llama3_scaling_is_read() => Assert.Equal(new RopeScaling.Llama3(8, 1, 4, 32), Read("llama", """
        {"rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
         "original_max_position_embeddings": 32, "rope_type": "llama3"}}
        """).Rope.Scaling);

    [Fact]
    public void Dynamic_scaling_grows_from_the_files_positions()
    {
        var config = Read("llama", """{"rope_scaling": {"type": "dynamic", "factor": 2.0}}""");

        Assert.Equal(new RopeScaling.DynamicNtk(2, 256), config.Rope.Scaling);
        Assert.Equal(512, config.ContextLength);
    }

    [Fact]
    public void Yarn_has_defaults()
    {
        var config = Read("llama", """
            {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128,
             "rope_theta": 500000.0}}
            """);

        // transformers: 0.1 ln(4) + 1.
        Assert.Equal(new RopeScaling.Yarn(4, 128, 32, 1, 1.1386294f, true), config.Rope.Scaling);
        Assert.Equal((500_000f, 512), (config.Rope.Theta, config.ContextLength));
    }

    [Theory]
    [InlineData("""{"attention_factor": 0.5}""", 0.5f)]
    [InlineData("""{"mscale": 1.0, "mscale_all_dim": 1.0}""", 1f)]
    [InlineData("""{"mscale": 2.0, "mscale_all_dim": 1.0}""", 1.1217522f)]
    public void Yarns_magnitude_can_be_given(string extra, float expected)
    {
        var scaling = JsonNode.Parse(extra)!.AsObject();
        scaling["type"] = "yarn";
        scaling["factor"] = 4;
        scaling["truncate"] = false;
        var config = Read("llama", new JsonObject { ["rope_scaling"] = scaling }.ToJsonString());

        var yarn = Assert.IsType<RopeScaling.Yarn>(config.Rope.Scaling);
        Assert.Equal(expected, yarn.AttentionFactor, 1e-6f);
        Assert.False(yarn.Truncate);
    }

    [Theory]
    [InlineData("""{"rope_scaling": null}"""), InlineData("""{"rope_scaling": {"rope_type": "default"}}""")]
    public void No_scaling_is_none(string extra) => Assert.Equal(RopeScaling.None, Read("llama", extra).Rope.Scaling);

    [Theory]
    [InlineData("""{"hidden_size": "64"}"""), InlineData("""{"hidden_size": null}""")]
    [InlineData("""{"hidden_size": 0}"""), InlineData("""{"hidden_size": -64}""")]
    [InlineData("""{"hidden_size": 1e300}"""), InlineData("""{"hidden_size": 64.5}""")]
    [InlineData("""{"num_attention_heads": 0}"""), InlineData("""{"num_key_value_heads": 3}""")]
    [InlineData("""{"num_hidden_layers": 1000000000}"""), InlineData("""{"vocab_size": 2000000000}""")]
    [InlineData("""{"head_dim": 15}"""), InlineData("""{"head_dim": 16777216, "num_attention_heads": 16777216}""")]
    [InlineData("""{"rope_theta": 0}"""), InlineData("""{"rope_theta": 1e300}""")]
    [InlineData("""{"rms_norm_eps": -1}""")]
    [InlineData("""{"rope_scaling": {"type": "linear"}}"""), InlineData("""{"rope_scaling": "linear"}""")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 0}}""")]
    [InlineData("""
        {"rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}}
        """)]
    [InlineData("""{"partial_rotary_factor": 2}"""), InlineData("""{"partial_rotary_factor": 0.01}""")]
    [InlineData("""{"tie_word_embeddings": "yes"}""")]
    public void An_impossible_value_is_refused(string extra)
    {
        var e = Assert.Throws<ModelFormatException>(() => Read("llama", extra));
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"type": "longrope", "factor": 2}}"""), InlineData("""{"hidden_act": "gelu"}""")]
    public void What_is_not_built_is_told_apart(string extra) =>
        Assert.Throws<UnsupportedModelException>(() => Read("llama", extra));

    public void Dispose() => _folder.Dispose();

    private ModelConfig Read(string family, string extra)
    {
        var config = JsonNode.Parse(Plain)!.AsObject();
        config["model_type"] = family;
        foreach (var (key, value) in JsonNode.Parse(extra)!.AsObject()) config[key] = value?.DeepClone();
        var json = ConfigJson.Read(_folder.Write("config.json", config.ToJsonString()));
        return ConfigRules.Check("config.json", HuggingFaceFamilies.Find(json).Configure(json));
    }
}
