using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Minka.Compute;

namespace Minka.Models.Loading.Dllama;

/// <summary>A distributed-llama model (<c>.m</c>): a header, then weights whose places follow from it.</summary>
public sealed class DllamaFile : IWeightFile
{
    private const int HistoricMagic = 0xABCD00;

    private readonly FileBytes _file;
    private readonly Dictionary<string, FileWeightSource> _weights = [];
    private readonly List<StoredTensor> _stored = [];

    private DllamaFile(string path, FileBytes file)
    {
        Path = path;
        _file = file;
        var reader = new ByteReader(file, 0, file.Length);
        var magic = reader.I32("the magic number");
        if (magic is HistoricMagic or HistoricMagic + 1)
            throw new ModelFormatException($"'{path}' is of distributed-llama's historic format without a header; "
                + "convert the model again.");
        if (magic != DllamaHeader.Magic)
            throw new ModelFormatException($"'{path}' does not begin as a distributed-llama model does.");

        var header = DllamaHeader.Read(reader, path);
        Config = header.Config;
        Lay(header, reader.Position);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public string Format => "distributed-llama";

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Stored => _stored;

    /// <summary>Whether these first bytes of a file are those of a model, today's or a historic one.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> start) => start.Length >= 4
        && BinaryPrimitives.ReadInt32LittleEndian(start) is DllamaHeader.Magic or HistoricMagic or HistoricMagic + 1;

    /// <summary>Opens a file and checks that header and size agree to the byte.</summary>
    /// <exception cref="ModelFormatException">It is no sound model.</exception>
    /// <exception cref="UnsupportedModelException">Its architecture is not built.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static DllamaFile Open(string path)
    {
        var file = FileBytes.Open(path);
        try
        {
            return new DllamaFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = ExpertStack.IsName(name)
            ? ExpertStack.Find(Path, name, Config.Experts.Count, _weights.GetValueOrDefault)
            : _weights.GetValueOrDefault(name);
        return weight is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Finds the place of every weight, in the converter's order.</summary>
    private void Lay(DllamaHeader header, long start)
    {
        var c = header.Config;
        if ((long)c.Layers * c.Experts.Count > FileLimits.Tensors)
            throw new ModelFormatException($"'{Path}' has {c.Layers} layers of {c.Experts.Count} experts; together at "
                + $"most {FileLimits.Tensors} are read.");
        var (type, queries, keys) = (header.MatrixType, c.Heads * c.HeadDim, c.KvHeads * c.HeadDim);
        var end = Place("token_embd.weight", DType.F32, c.VocabularySize, c.Width, start);
        for (var layer = 0; layer < c.Layers; layer++)
        {
            var block = $"blk.{layer}.";
            end = Place(block + "attn_q.weight", type, queries, c.Width, end);
            end = Place(block + "attn_k.weight", type, keys, c.Width, end);
            end = Place(block + "attn_v.weight", type, keys, c.Width, end);
            end = Place(block + "attn_output.weight", type, c.Width, queries, end);
            end = c.Experts.Count > 0
                ? PlaceExperts(block, type, c, end)
                : PlaceFeedForward(block, "", type, c.FeedForwardWidth, end);
            if (header.HasHeadNorms)
            {
                end = Place(block + "attn_q_norm.weight", DType.F32, 1, c.HeadDim, end);
                end = Place(block + "attn_k_norm.weight", DType.F32, 1, c.HeadDim, end);
            }
            end = Place(block + "attn_norm.weight", DType.F32, 1, c.Width, end);
            end = Place(block + "ffn_norm.weight", DType.F32, 1, c.Width, end);
        }
        end = Place("output_norm.weight", DType.F32, 1, c.Width, end);
        end = Place("output.weight", type, c.VocabularySize, c.Width, end);
        if (end != _file.Length)
            throw new ModelFormatException($"'{Path}' has {_file.Length} bytes, but a model of its header has {end}; "
                + "the file is of an older version or damaged, convert or fetch it again.");
    }

    private long PlaceExperts(string block, DType type, ModelConfig c, long end)
    {
        end = Place(block + "ffn_gate_inp.weight", DType.F32, c.Experts.Count, c.Width, end);
        for (var expert = 0; expert < c.Experts.Count; expert++)
            end = PlaceFeedForward(block, $".{expert}", type, c.Experts.Width, end);
        return end;
    }

    private long PlaceFeedForward(string block, string expert, DType type, int width, long end)
    {
        end = Place($"{block}ffn_gate{expert}.weight", type, width, Config.Width, end);
        end = Place($"{block}ffn_down{expert}.weight", type, Config.Width, width, end);
        return Place($"{block}ffn_up{expert}.weight", type, width, Config.Width, end);
    }

    private long Place(string name, DType type, int rows, int columns, long start)
    {
        if (columns % type.BlockLength() != 0)
            throw new ModelFormatException($"'{name}' of '{Path}' has rows of {columns} values, which are no whole "
                + $"{TypeName(type)} blocks of {type.BlockLength()}.");
        var bytes = rows * type.RowBytes(columns);
        if (bytes > _file.Length - start)
            throw new ModelFormatException($"'{Path}' is cut short: '{name}' needs {bytes} bytes at byte {start}, and "
                + $"the file has {_file.Length}; it is damaged or of an older version, fetch or convert it again.");

        long[] shape = rows == 1 ? [columns] : [rows, columns];
        _weights.Add(name, FileWeightSource.Create(name, type, shape, _file, start));
        _stored.Add(new StoredTensor(name, TypeName(type), shape, bytes));
        return start + bytes;
    }

    private static string TypeName(DType type) => type switch
    {
        DType.Q4_0 => "Q40",
        DType.Q8_0 => "Q80",
        _ => type.ToString(),
    };
}
