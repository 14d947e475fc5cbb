using System.Text;
using Minka.Compute;
using Minka.Compute.Formats;

namespace Minka.Bench.Models;

/// <summary>Writes a distributed-llama model of random Q40 weights and its tokenizer; we load it too.</summary>
/// <param name="shape">Sizes.</param>
internal sealed class RandomDllama(ModelShape shape)
{
    private const int ModelMagic = 0x0A00ABCD, TokenizerMagic = 0x00567124;
    private const int Context = 4096, SpecialTokens = 256;

    private readonly Random _random = new(20260101);

    /// <summary>Writes both; the same bytes for the same shape.</summary>
    /// <param name="path">The model, <c>.m</c>; the tokenizer lies beside it, <c>.t</c>.</param>
    /// <exception cref="ArgumentException">The shape has experts.</exception>
    public void Write(string path)
    {
        if (shape.Experts > 0)
            throw new ArgumentException($"'{shape.Name}' has experts; only dense shapes are written as .m files.");
        using (var writer = new BinaryWriter(new BufferedStream(File.Create(path), 1 << 20))) WriteModel(writer);
        using var beside = new BinaryWriter(new BufferedStream(File.Create(Path.ChangeExtension(path, ".t")), 1 << 20));
        WriteTokenizer(beside);
    }

    private void WriteModel(BinaryWriter writer)
    {
        // Keys and values in the converter's order: version, family, activation, sizes, Q40.
        WriteHeader(writer, ModelMagic,
            (0, 0), (1, 0xABCD00), (11, 1), (2, shape.Width), (3, shape.FeedForward), (4, shape.Layers),
            (5, shape.Heads), (6, shape.KvHeads), (13, 2), (10, Context), (9, shape.Vocabulary), (7, 0), (8, 0),
            (12, 500_000));
        var pool = Pool(() => (_random.NextSingle() + _random.NextSingle() - 1) / 12);
        var weights = new byte[DType.Q4_0.RowBytes(pool.Length)];
        BlockFormats.Of(DType.Q4_0).Encode(pool, weights);
        var floats = System.Runtime.InteropServices.MemoryMarshal.AsBytes(pool.AsSpan()).ToArray();

        WriteMatrix(writer, floats, DType.F32, shape.Vocabulary, shape.Width);
        // Four of attention, then gate, down and up in this order.
        var matrices = shape.LayerMatrices().ToList();
        (matrices[5], matrices[6]) = (matrices[6], matrices[5]);
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            foreach (var (_, rows, columns) in matrices) WriteMatrix(writer, weights, DType.Q4_0, rows, columns);
            WriteOnes(writer);
            WriteOnes(writer);
        }
        WriteOnes(writer);
        WriteMatrix(writer, weights, DType.Q4_0, shape.Vocabulary, shape.Width);
    }

    /// <summary>All single bytes, words without meaning, and special tokens from the begin of text on.</summary>
    private void WriteTokenizer(BinaryWriter writer)
    {
        var begin = shape.Vocabulary - SpecialTokens;
        WriteHeader(writer, TokenizerMagic, (3, begin), (0, 1), (1, shape.Vocabulary), (2, 16), (9, 1), (10, 1));
        writer.Write(begin + 1);
        for (var i = 0; i < shape.Vocabulary; i++)
        {
            byte[] text = i < 256 ? [(byte)i] : Encoding.UTF8.GetBytes(i < begin ? $" w{i}" : $"<|{i}|>");
            writer.Write(i < begin ? -(float)i : 0);
            writer.Write(text.Length);
            writer.Write(text);
        }
    }

    private static void WriteHeader(BinaryWriter writer, int magic, params (int Key, int Value)[] pairs)
    {
        writer.Write(magic);
        writer.Write(8 + 8 * pairs.Length);
        foreach (var (key, value) in pairs)
        {
            writer.Write(key);
            writer.Write(value);
        }
    }

    private static float[] Pool(Func<float> next)
    {
        var values = new float[1 << 20];
        for (var i = 0; i < values.Length; i++) values[i] = next();
        return values;
    }

    private void WriteOnes(BinaryWriter writer)
    {
        for (var i = 0; i < shape.Width; i++) writer.Write(1f);
    }

    /// <summary>Fills a tensor from random places of the pool, so that no two rows are alike.</summary>
    private void WriteMatrix(BinaryWriter writer, byte[] pool, DType type, int rows, int columns)
    {
        var unit = type.BlockBytes();
        for (var left = rows * type.RowBytes(columns); left > 0;)
        {
            var start = _random.Next(pool.Length / unit) * unit;
            var count = (int)Math.Min(left, Math.Min(pool.Length - start, 1 << 16)) / unit * unit;
            writer.Write(pool, start, count);
            left -= count;
        }
    }
}
