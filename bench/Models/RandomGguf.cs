using System.Text;
using Minka.Compute;
using Minka.Compute.Formats;

namespace Minka.Bench.Models;

/// <summary>Writes a GGUF model of random weights from a fixed seed; llama.cpp and we both load it.</summary>
internal sealed class RandomGguf(ModelShape shape, DType type)
{
    private const int Alignment = 32;
    private const uint TypeU32 = 4, TypeI32 = 5, TypeF32 = 6, TypeString = 8, TypeArray = 9;

    private readonly Random _random = new(20260101);
    private readonly List<(string Name, long[] Shape, DType Type)> _tensors = [];

    /// <summary>Writes the file; the same bytes for the same shape and type.</summary>
    public void Write(string path)
    {
        ListTensors();
        using var stream = new BufferedStream(File.Create(path), 1 << 20);
        using var writer = new BinaryWriter(stream);
        WriteMetadata(writer);
        WriteTable(writer);
        var norms = Encode(DType.F32, () => 1);
        var weights = Encode(type, Draw);
        var routers = shape.Experts > 0 ? Encode(DType.F32, Draw) : [];
        foreach (var tensor in _tensors)
        {
            Pad(writer);
            var pool = tensor.Shape.Length == 1 ? norms : IsRouter(tensor.Name) ? routers : weights;
            WriteBlocks(writer, pool, tensor.Type, Bytes(tensor.Shape, tensor.Type));
        }
        Pad(writer);
    }

    private float Draw() => (_random.NextSingle() + _random.NextSingle() - 1) / 12;

    private void ListTensors()
    {
        _tensors.Add(("token_embd.weight", [shape.Vocabulary, shape.Width], type));
        _tensors.Add(("output_norm.weight", [shape.Width], DType.F32));
        if (!shape.IsTied) _tensors.Add(("output.weight", [shape.Vocabulary, shape.Width], type));
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            _tensors.Add(($"blk.{layer}.attn_norm.weight", [shape.Width], DType.F32));
            _tensors.Add(($"blk.{layer}.ffn_norm.weight", [shape.Width], DType.F32));
            if (shape.Experts > 0)
                _tensors.Add(($"blk.{layer}.ffn_gate_inp.weight", [shape.Experts, shape.Width], DType.F32));
            foreach (var (name, rows, columns) in shape.LayerMatrices())
                _tensors.Add(($"blk.{layer}.{name}.weight",
                    name.EndsWith("_exps", StringComparison.Ordinal) ? [shape.Experts, rows, columns] : [rows, columns],
                    type));
        }
    }

    private static bool IsRouter(string name) => name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal);

    private static long Bytes(long[] shape, DType type) =>
        type.RowBytes(shape[^1]) * shape[..^1].Aggregate(1L, (rows, count) => rows * count);

    private void WriteMetadata(BinaryWriter writer)
    {
        var pairs = shape.Experts > 0 ? 19 : 17;
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)pairs);
        WritePair(writer, "general.architecture", "llama");
        WritePair(writer, "general.name", $"random {shape.Name} {type}");
        WritePair(writer, "llama.block_count", (uint)shape.Layers);
        WritePair(writer, "llama.context_length", 131_072u);
        WritePair(writer, "llama.embedding_length", (uint)shape.Width);
        WritePair(writer, "llama.feed_forward_length", (uint)shape.FeedForward);
        WritePair(writer, "llama.attention.head_count", (uint)shape.Heads);
        WritePair(writer, "llama.attention.head_count_kv", (uint)shape.KvHeads);
        WritePair(writer, "llama.attention.key_length", (uint)shape.HeadDim);
        WritePair(writer, "llama.rope.dimension_count", (uint)shape.HeadDim);
        WritePair(writer, "llama.rope.freq_base", 500_000f);
        WritePair(writer, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
        if (shape.Experts > 0)
        {
            WritePair(writer, "llama.expert_count", (uint)shape.Experts);
            WritePair(writer, "llama.expert_used_count", (uint)shape.ActiveExperts);
        }
        WritePair(writer, "tokenizer.ggml.model", "llama");
        WritePair(writer, "tokenizer.ggml.bos_token_id", 1u);
        WriteVocabulary(writer);
    }

    /// <summary>A sound SentencePiece vocabulary: unknown, begin, end, the 256 bytes, words without meaning.</summary>
    private void WriteVocabulary(BinaryWriter writer)
    {
        WriteArray(writer, "tokenizer.ggml.tokens", TypeString, i => WriteText(writer, TokenText(i)));
        WriteArray(writer, "tokenizer.ggml.scores", TypeF32, i => writer.Write(-(float)i));
        WriteArray(writer, "tokenizer.ggml.token_type", TypeI32, i => writer.Write(TokenType(i)));
    }

    private static string TokenText(int id) => id switch
    {
        0 => "<unk>",
        1 => "<s>",
        2 => "</s>",
        < 259 => $"<0x{id - 3:X2}>",
        _ => $"\u2581w{id}",
    };

    private static int TokenType(int id) => id switch { 0 => 2, < 3 => 3, < 259 => 6, _ => 1 };

    private void WriteArray(BinaryWriter writer, string key, uint elementType, Action<int> writeElement)
    {
        WriteText(writer, key);
        writer.Write(TypeArray);
        writer.Write(elementType);
        writer.Write((ulong)shape.Vocabulary);
        for (var i = 0; i < shape.Vocabulary; i++) writeElement(i);
    }

    private void WriteTable(BinaryWriter writer)
    {
        var offset = 0L;
        foreach (var (name, sizes, tensorType) in _tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)sizes.Length);
            foreach (var size in sizes.Reverse()) writer.Write((ulong)size);
            writer.Write(NumberOf(tensorType));
            writer.Write((ulong)offset);
            offset += (Bytes(sizes, tensorType) + Alignment - 1) / Alignment * Alignment;
        }
    }

    private static uint NumberOf(DType type) => type switch
    {
        DType.F32 => 0,
        DType.F16 => 1,
        DType.Q4_0 => 2,
        DType.Q4_1 => 3,
        DType.Q5_0 => 6,
        DType.Q5_1 => 7,
        DType.Q8_0 => 8,
        DType.BF16 => 30,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "GGUF has no number for this format here."),
    };

    private static byte[] Encode(DType type, Func<float> next)
    {
        var values = new float[1 << 20];
        for (var i = 0; i < values.Length; i++) values[i] = next();
        var bytes = new byte[type.RowBytes(values.Length)];
        BlockFormats.Of(type).Encode(values, bytes);
        return bytes;
    }

    /// <summary>Fills a tensor from random places of the pool, so that no two rows are alike.</summary>
    private void WriteBlocks(BinaryWriter writer, byte[] pool, DType tensorType, long bytes)
    {
        var blocks = pool.Length / tensorType.BlockBytes();
        while (bytes > 0)
        {
            var start = _random.Next(blocks) * tensorType.BlockBytes();
            var count = (int)Math.Min(bytes, Math.Min(pool.Length - start, 1 << 16));
            writer.Write(pool, start, count / tensorType.BlockBytes() * tensorType.BlockBytes());
            bytes -= count / tensorType.BlockBytes() * tensorType.BlockBytes();
        }
    }

    private static void Pad(BinaryWriter writer)
    {
        while (writer.BaseStream.Position % Alignment != 0) writer.Write((byte)0);
    }

    private static void WritePair(BinaryWriter writer, string key, uint value)
    {
        WriteText(writer, key);
        writer.Write(TypeU32);
        writer.Write(value);
    }

    private static void WritePair(BinaryWriter writer, string key, float value)
    {
        WriteText(writer, key);
        writer.Write(TypeF32);
        writer.Write(value);
    }

    private static void WritePair(BinaryWriter writer, string key, string value)
    {
        WriteText(writer, key);
        writer.Write(TypeString);
        WriteText(writer, value);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
