using System.Text;
using Minka.Compute;

namespace Minka.Models.Tests.Loading.Writers;

/// <summary>Writes distributed-llama models (<c>.m</c>) as its converter does.</summary>
internal sealed class DllamaWriter
{
    private const int Magic = 0x0A00ABCD;

    private readonly List<(int Key, int Value)> _pairs = [];
    private readonly List<byte[]> _weights = [];

    /// <summary>Adds a pair of the header.</summary>
    public DllamaWriter Add(int key, int value)
    {
        _pairs.Add((key, value));
        return this;
    }

    /// <summary>Adds the next weight as it is stored.</summary>
    public DllamaWriter AddWeight(byte[] bytes)
    {
        _weights.Add(bytes);
        return this;
    }

    /// <summary>The header's pairs of a config, in the converter's order.</summary>
    public static DllamaWriter For(ModelConfig config, DType type)
    {
        var family = config.Architecture switch { "qwen3_moe" => 0xABCD02, "qwen3" => 0xABCD01, _ => 0xABCD00 };
        var writer = new DllamaWriter()
            .Add(0, 0).Add(1, family).Add(11, 1).Add(2, config.Width)
            .Add(3, config.FeedForwardWidth).Add(4, config.Layers).Add(5, config.Heads).Add(6, config.KvHeads)
            .Add(13, type switch { DType.F32 => 0, DType.F16 => 1, DType.Q4_0 => 2, _ => 3 })
            .Add(10, config.ContextLength).Add(9, config.VocabularySize)
            .Add(7, config.Experts.Count).Add(8, config.Experts.Active)
            .Add(12, (int)config.Rope.Theta);
        if (config.Rope.Scaling is RopeScaling.Llama3 scaling)
            writer.Add(14, (int)scaling.Factor).Add(15, (int)scaling.LowFrequencyFactor)
                .Add(16, (int)scaling.HighFrequencyFactor).Add(17, scaling.OriginalContext).Add(18, 2);
        writer.Add(19, config.HeadDim).Add(20, config.NormEpsilon < 5e-6f ? 6 : 5);
        return config.Experts.Count > 0 ? writer.Add(21, config.Experts.Width) : writer;
    }

    /// <summary>All weights of a config, in the file's order: GGUF's name, type, rows, columns.</summary>
    public static IEnumerable<(string Name, DType Type, int Rows, int Columns)> Layout(ModelConfig config, DType type)
    {
        var (queries, keys) = (config.Heads * config.HeadDim, config.KvHeads * config.HeadDim);
        yield return ("token_embd.weight", DType.F32, config.VocabularySize, config.Width);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            yield return ($"blk.{layer}.attn_q.weight", type, queries, config.Width);
            yield return ($"blk.{layer}.attn_k.weight", type, keys, config.Width);
            yield return ($"blk.{layer}.attn_v.weight", type, keys, config.Width);
            yield return ($"blk.{layer}.attn_output.weight", type, config.Width, queries);
            foreach (var weight in FeedForward(config, layer, type)) yield return weight;
            if (config.Architecture != "llama")
            {
                yield return ($"blk.{layer}.attn_q_norm.weight", DType.F32, 1, config.HeadDim);
                yield return ($"blk.{layer}.attn_k_norm.weight", DType.F32, 1, config.HeadDim);
            }
            yield return ($"blk.{layer}.attn_norm.weight", DType.F32, 1, config.Width);
            yield return ($"blk.{layer}.ffn_norm.weight", DType.F32, 1, config.Width);
        }
        yield return ("output_norm.weight", DType.F32, 1, config.Width);
        yield return ("output.weight", type, config.VocabularySize, config.Width);
    }

    private static IEnumerable<(string Name, DType Type, int Rows, int Columns)> FeedForward(
        ModelConfig config, int layer, DType type)
    {
        var (experts, width) = (config.Experts.Count, config.FeedForwardWidth);
        if (experts > 0)
        {
            yield return ($"blk.{layer}.ffn_gate_inp.weight", DType.F32, experts, config.Width);
            width = config.Experts.Width;
        }
        for (var expert = 0; expert < Math.Max(1, experts); expert++)
        {
            var number = experts > 0 ? $".{expert}" : "";
            yield return ($"blk.{layer}.ffn_gate{number}.weight", type, width, config.Width);
            yield return ($"blk.{layer}.ffn_down{number}.weight", type, config.Width, width);
            yield return ($"blk.{layer}.ffn_up{number}.weight", type, width, config.Width);
        }
    }

    public byte[] ToArray()
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(8 + 8 * _pairs.Count);
        foreach (var (key, value) in _pairs)
        {
            writer.Write(key);
            writer.Write(value);
        }
        foreach (var weight in _weights) writer.Write(weight);
        return stream.ToArray();
    }
}
