using Minka.Compute;
using Minka.Models.Loading;
using Minka.Models.Loading.Dllama;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Dllama;

public sealed class DllamaFileTests : IDisposable
{
    private static readonly ModelConfig _llama = new()
    {
        Architecture = "llama",
        VocabularySize = 40,
        Layers = 2,
        Width = 32,
        FeedForwardWidth = 64,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 16,
        ContextLength = 128,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig
        {
            Theta = 500_000,
            Dimensions = 16,
            Pairs = RopePairs.Adjacent,
            Scaling = new RopeScaling.Llama3(32, 1, 4, 8192),
        },
    };

    private static readonly ModelConfig _qwen3 = _llama with
    {
        Architecture = "qwen3",
        NormEpsilon = 1e-6f,
        Rope = new RopeConfig { Theta = 1_000_000, Dimensions = 16, Pairs = RopePairs.Halves },
    };

    private static readonly ModelConfig _qwen3Moe = _qwen3 with
    {
        Architecture = "qwen3_moe",
        FeedForwardWidth = 0,
        Experts = new() { Count = 3, Active = 2, Width = 64, IsNormalized = true },
    };

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("llama", DType.F32), InlineData("llama", DType.F16)]
    [InlineData("llama", DType.Q4_0), InlineData("llama", DType.Q8_0)]
    [InlineData("qwen3", DType.F32), InlineData("qwen3", DType.Q4_0)]
    [InlineData("qwen3_moe", DType.F32), InlineData("qwen3_moe", DType.Q4_0)]
    public void A_model_is_read_back(string architecture, DType type)
    {
        var config = architecture switch { "llama" => _llama, "qwen3" => _qwen3, _ => _qwen3Moe };
        var (bytes, weights) = Sample(config, type);

        using var file = Open(bytes);

        Assert.Equal(config, file.Config);
        Assert.Equal(weights.Keys, file.Stored.Select(t => t.Name));
        foreach (var (name, expected) in weights)
        {
            Assert.True(file.TryFind(name, out var weight), name);
            var stored = new byte[expected.Length];
            weight.ReadRows(0, weight.Rows, stored);
            Assert.Equal(expected, stored);
        }
        Assert.False(file.TryFind("blk.2.attn_q.weight", out _));
    }

    [Fact]
    public void Rows_are_read_from_the_middle()
    {
        var (bytes, weights) = Sample(_llama, DType.Q4_0);
        using var file = Open(bytes);
        Assert.True(file.TryFind("blk.1.attn_k.weight", out var weight));

        var rows = new byte[2 * 18];
        weight.ReadRows(3, 2, rows);

        Assert.Equal((32, 32), (weight.Rows, weight.Columns));
        Assert.Equal(weights["blk.1.attn_k.weight"][(3 * 18)..(5 * 18)], rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => weight.ReadRows(31, 2, rows));
    }

    [Fact]
    public void A_llama_without_scaling_has_none() => Assert.Equal(RopeScaling.None, Open(Sample(_llama with
    {
        Rope = _llama.Rope with { Scaling = RopeScaling.None },
    }, DType.F32).Bytes).Config.Rope.Scaling);

    [Theory, InlineData(-1), InlineData(1), InlineData(4096)]
    public void A_file_of_another_size_is_refused(int change)
    {
        var (bytes, _) = Sample(_llama, DType.F32);
        Array.Resize(ref bytes, bytes.Length + change);

        Refused(bytes, "bytes");
    }

    [Theory]
    [InlineData(2, 0), InlineData(2, -32), InlineData(2, int.MaxValue), InlineData(4, 1_000_000_000), InlineData(5, 3)]
    [InlineData(6, 3), InlineData(9, int.MaxValue), InlineData(10, 0), InlineData(12, 0), InlineData(13, 4)]
    [InlineData(17, 0), InlineData(19, 15), InlineData(20, 7)]
    public void An_impossible_header_value_is_refused(int key, int value)
    {
        var (bytes, _) = Sample(_llama, DType.F32);
        Set(bytes, key, value);

        Assert.Throws<ModelFormatException>(() => Open(bytes));
    }

    [Fact]
    public void A_header_key_twice_or_unknown_is_refused()
    {
        var (bytes, _) = Sample(_llama, DType.F32);
        Refused(Rename(bytes, 8, 7), "twice");
        Refused(Rename(bytes, 8, 22), "key 22");
    }

    [Fact]
    public void Experts_that_lie_apart_are_one_weight()
    {
        var (bytes, weights) = Sample(_qwen3Moe, DType.Q4_0);
        using var file = Open(bytes);
        Assert.True(file.TryFind("blk.1.ffn_down_exps.weight", out var all));

        // Rows 30 to 69 of [3 * 32, 64]: the last two of expert 0, all of expert 1, the first six of expert 2.
        var rows = new byte[40 * 36];
        all.ReadRows(30, 40, rows);

        Assert.Equal((96, 64, DType.Q4_0), (all.Rows, all.Columns, all.Type));
        byte[] expected = [.. weights["blk.1.ffn_down.0.weight"], .. weights["blk.1.ffn_down.1.weight"],
            .. weights["blk.1.ffn_down.2.weight"]];
        Assert.Equal(expected[(30 * 36)..(70 * 36)], rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => all.ReadRows(95, 2, rows));
    }

    [Theory, InlineData(7, 0), InlineData(7, -1), InlineData(7, 100_000), InlineData(8, 0), InlineData(8, 4)]
    [InlineData(21, 0), InlineData(21, int.MaxValue), InlineData(21, 96)]
    public void An_impossible_number_of_experts_is_refused(int key, int value)
    {
        var (bytes, _) = Sample(_qwen3Moe, DType.F32);
        Set(bytes, key, value);

        Assert.Throws<ModelFormatException>(() => Open(bytes));
    }

    [Theory, InlineData(1, 5), InlineData(7, 8)]
    public void What_is_not_built_is_told_apart(int key, int value)
    {
        var (bytes, _) = Sample(_llama, DType.F32);
        Set(bytes, key, value);

        Assert.Throws<UnsupportedModelException>(() => Open(bytes));
    }

    [Fact]
    public void A_historic_file_is_refused() => Refused([0x00, 0xCD, 0xAB, 0x00, 8, 0, 0, 0], "historic");

    public void Dispose() => _folder.Dispose();

    private static (byte[] Bytes, Dictionary<string, byte[]> Weights) Sample(ModelConfig config, DType type)
    {
        var random = new Random(7);
        var weights = new Dictionary<string, byte[]>();
        var writer = DllamaWriter.For(config, type);
        foreach (var (name, stored, rows, columns) in DllamaWriter.Layout(config, type))
        {
            weights[name] = new byte[rows * stored.RowBytes(columns)];
            random.NextBytes(weights[name]);
            writer.AddWeight(weights[name]);
        }
        return (writer.ToArray(), weights);
    }

    private static void Set(byte[] file, int key, int value) =>
        BitConverter.TryWriteBytes(file.AsSpan(Pair(file, key) + 4), value);

    private static byte[] Rename(byte[] file, int key, int name)
    {
        var copy = file.ToArray();
        BitConverter.TryWriteBytes(copy.AsSpan(Pair(copy, key)), name);
        return copy;
    }

    private static int Pair(byte[] file, int key)
    {
        var at = 8;
        while (BitConverter.ToInt32(file, at) != key) at += 8;
        return at;
    }

    private DllamaFile Open(byte[] bytes) => DllamaFile.Open(_folder.Write("model.m", bytes));

    private void Refused(byte[] bytes, string because) => Assert.Contains(
        because, Assert.Throws<ModelFormatException>(() => Open(bytes)).Message, StringComparison.Ordinal);
}
