using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models.Loading;
using Minka.Models.Tests.Loading;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Architectures;

/// <summary>GGUF files with experts compute what the weights that were written into them compute.</summary>
public sealed class ExpertFilesTests
{
    private static readonly int[] _prompt = [3, 14, 15, 9, 26, 5, 35, 8, 9, 79, 3, 23, 8, 46, 26, 43, 38];

    /// <summary>How a file keeps its experts: as this project names them, each apart, or gate and up in one.</summary>
    public enum Kept
    {
        Stacked,
        OneByOne,
        Fused,
    }

    [Theory]
    [InlineData("llama", Kept.Stacked), InlineData("llama", Kept.OneByOne), InlineData("llama", Kept.Fused)]
    [InlineData("qwen3moe", Kept.Stacked), InlineData("qwen3moe", Kept.Fused)]
    public void A_written_file_gives_the_logits_of_its_weights(string architecture, Kept kept)
    {
        using var weights = new RandomModel(ConfigOf(architecture), 11);
        using var folder = new TemporaryFolder();
        var path = folder.Write("mixture.gguf", Written(architecture, weights, kept, without: ""));

        using var file = ModelFiles.Open(path);

        Assert.Equal(kept == Kept.Fused, file.Stored.Any(tensor => tensor.Name.Contains(".ffn_gate_up_exps.")));
        Assert.Equal(kept == Kept.Stacked, file.Stored.Any(tensor => tensor.Name.Contains(".ffn_gate_exps.")));
        Assert.Equal(weights.Config.Architecture, file.Config.Architecture);
        Assert.Equal(Logits(weights), Logits(file));
    }

    [Fact]
    public void An_expert_that_is_missing_is_named()
    {
        using var weights = new RandomModel(ConfigOf("llama"), 11);
        using var folder = new TemporaryFolder();
        var path = folder.Write("mixture.gguf", Written(
            "llama", weights, Kept.OneByOne, without: "blk.1.ffn_up.2.weight"));
        using var file = ModelFiles.Open(path);

        var exception = Assert.Throws<ModelFormatException>(() => Logits(file));

        Assert.Contains("'blk.1.ffn_up.0.weight'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("of 4 experts the one numbered 2 is missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fused_experts_that_have_no_halves_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var weights = new RandomModel(ConfigOf("llama"), 11);
        var path = folder.Write("mixture.gguf", Written("llama", weights, Kept.OneByOne, without: "", writer => writer
            .AddTensor("blk.0.ffn_gate_up_exps.weight", 0, [4, 127, 32], new byte[4 * 127 * 32 * 4])));
        using var file = ModelFiles.Open(path);

        var exception = Assert.Throws<ModelFormatException>(() => Logits(file));

        Assert.Contains("'blk.0.ffn_gate_up_exps.weight'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("has 508 rows; gate and up of 4 experts have a multiple of 8.", exception.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_reads_its_share_of_the_experts()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("mixtral"), 7);
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var model = Decoder.Load(file, backend, new() { KvBlocks = 1, Limits = new(1, 1, 1, 1) });

        // Three layers of four experts of 3 x 32 x 64 floats, of which a token goes to two; the embedding is the head.
        Assert.Equal(3 * 2 * 3 * 32 * 64 * 4, model.Memory.WeightBytes - model.Memory.DecodeBytes);
    }

    private static ModelConfig ConfigOf(string architecture)
    {
        var config = RandomModel.ConfigOf(architecture == "llama" ? "mixtral" : "qwen3_moe");
        return architecture == "llama"
            ? config with { FeedForwardWidth = 0, Rope = config.Rope with { Pairs = RopePairs.Adjacent } }
            : config;
    }

    private static byte[] Written(
        string architecture, RandomModel weights, Kept kept, string without, Action<GgufWriter>? add = null)
    {
        var c = weights.Config;
        var writer = new GgufWriter().Add("general.architecture", architecture);
        foreach (var (key, value) in ((string, object)[])
            [
                ("block_count", c.Layers), ("embedding_length", c.Width), ("context_length", c.ContextLength),
                ("feed_forward_length", Math.Max(c.FeedForwardWidth, c.Experts.Width)),
                ("attention.head_count", c.Heads), ("attention.head_count_kv", c.KvHeads),
                ("attention.key_length", c.HeadDim), ("attention.value_length", c.HeadDim),
                ("attention.layer_norm_rms_epsilon", c.NormEpsilon), ("expert_count", c.Experts.Count),
                ("expert_used_count", c.Experts.Active), ("expert_feed_forward_length", c.Experts.Width),
                ("expert_weights_norm", c.Experts.IsNormalized),
            ]) writer.Add($"{architecture}.{key}", value);
        foreach (var (name, parts) in Names(c, kept))
            if (name != without && weights.TryFind(name, out var weight)) AddTensor(writer, weight, name, parts);
        for (var layer = 0; kept == Kept.Fused && layer < c.Layers; layer++)
            if (c.Experts.IsSparse(layer)) AddFused(writer, weights, layer);
        add?.Invoke(writer);
        return writer.ToArray();
    }

    private static IEnumerable<(string Name, int Parts)> Names(ModelConfig config, Kept kept)
    {
        yield return ("token_embd.weight", 1);
        yield return ("output_norm.weight", 1);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var part in (string[])["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "attn_q_norm",
                "attn_k_norm", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down", "ffn_gate_inp"])
                yield return ($"blk.{layer}.{part}.weight", 1);
            foreach (var part in (string[])(kept == Kept.Fused ? ["ffn_down"] : ["ffn_gate", "ffn_up", "ffn_down"]))
                for (var expert = 0; expert < (kept == Kept.OneByOne ? config.Experts.Count : 1); expert++)
                    yield return kept == Kept.OneByOne
                        ? ($"blk.{layer}.{part}.{expert}.weight", 1)
                        : ($"blk.{layer}.{part}_exps.weight", config.Experts.Count);
        }
    }

    /// <summary>As llama.cpp's converter does when it is told to fuse: of each expert the gate, then up.</summary>
    private static void AddFused(GgufWriter writer, RandomModel weights, int layer)
    {
        var (experts, each) = (weights.Config.Experts.Count, weights.Config.Experts.Width);
        var bytes = new List<byte>();
        for (var expert = 0; expert < experts; expert++)
            foreach (var part in (string[])["ffn_gate_exps", "ffn_up_exps"])
            {
                Assert.True(weights.TryFind($"blk.{layer}.{part}.weight", out var weight));
                var rows = new byte[each * weight.Type.RowBytes(weight.Columns)];
                weight.ReadRows(expert * each, each, rows);
                bytes.AddRange(rows);
            }
        writer.AddTensor(
            $"blk.{layer}.ffn_gate_up_exps.weight", 0, [experts, 2 * each, weights.Config.Width], [.. bytes]);
    }

    private static void AddTensor(GgufWriter writer, IWeightSource weight, string name, int parts)
    {
        var bytes = new byte[weight.Rows * weight.Type.RowBytes(weight.Columns)];
        weight.ReadRows(0, weight.Rows, bytes);
        long[] shape = parts > 1 ? [parts, weight.Rows / parts, weight.Columns]
            : weight.Rows > 1 ? [weight.Rows, weight.Columns]
            : [weight.Columns];
        writer.AddTensor(name, 0, shape, bytes);
    }

    private static float[] Logits(IWeightFile file)
    {
        var limits = new StepLimits(_prompt.Length, 1, 1, 2);
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var model = Decoder.Load(file, backend, new() { KvBlocks = 2, Limits = limits });
        var input = new ForwardInput(limits);
        input.AddSequence(_prompt, 0, _prompt.Length, [0, 1], 1);
        var logits = new float[model.Config.VocabularySize];
        model.Forward(input, logits);
        return logits;
    }
}
