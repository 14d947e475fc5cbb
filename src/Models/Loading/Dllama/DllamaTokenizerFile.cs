using System.Buffers.Binary;
using System.Text;

namespace Minka.Models.Loading.Dllama;

/// <summary>A distributed-llama tokenizer (<c>.t</c>) as it lies on disk.</summary>
public sealed record DllamaTokenizerFile
{
    private const int Magic = 0x567124;
    private const int OldMagic = 0x567123;
    private const int KeyVersion = 0, KeyVocabulary = 1, KeyLongest = 2, KeyBos = 3, KeyEos = 4, KeyChatEos = 6;
    private const int KeyTemplate = 7, KeyStop = 8, KeyEosCount = 9, KeyAddBos = 10;
    private const int PieceBytes = 8;

    /// <summary>All pieces by id. Ids below <see cref="BosId"/> are text, those from it on are special.</summary>
    public required IReadOnlyList<DllamaPiece> Pieces { get; init; }

    /// <summary>Begin of sequence, and the first special id.</summary>
    public required int BosId { get; init; }

    /// <summary>Ids that end a generation, in the file's order; may be empty.</summary>
    public required IReadOnlyList<int> EosIds { get; init; }

    /// <summary>Whether a prompt begins with <see cref="BosId"/>.</summary>
    public required bool AddBos { get; init; }

    /// <summary>Chat template in Jinja; null when the file has none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether these first bytes of a file are those of a tokenizer, today's or the old one.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(start) is Magic or OldMagic;

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="ModelFormatException">It is no sound tokenizer.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static DllamaTokenizerFile Open(string path)
    {
        using var file = FileBytes.Open(path);
        var reader = new ByteReader(file, 0, file.Length);
        var tokenizer = reader.I32("the magic number") switch
        {
            Magic => Read(reader, path),
            OldMagic => ReadOld(reader, path),
            _ => throw new ModelFormatException($"'{path}' does not begin as a distributed-llama tokenizer does."),
        };
        return reader.Remaining == 0 ? tokenizer
            : throw new ModelFormatException($"'{path}' goes on for {reader.Remaining} bytes behind its last piece.");
    }

    private static DllamaTokenizerFile Read(ByteReader reader, string path)
    {
        var pairs = DllamaPairs.Read(reader, path, lastKey: KeyAddBos);
        pairs.Need(KeyVersion, "version", 1, 1);
        pairs.Need(KeyLongest, "longest token", 1, int.MaxValue);
        var vocabulary = pairs.Need(KeyVocabulary, "vocabulary", 1, FileLimits.ArrayElements);
        var bos = pairs.Need(KeyBos, "BOS id", 0, vocabulary - 1);
        var addBos = pairs.Need(KeyAddBos, "add-BOS flag", 0, 1, otherwise: 1) == 1;

        var template = Template(reader, path, pairs.Need(KeyTemplate, "template length", 0, FileLimits.StringBytes, 0));
        reader.Skip(pairs.Need(KeyStop, "stop text length", 0, FileLimits.StringBytes, 0), "the stop text");
        var eos = EosOf(reader, path, pairs, vocabulary);
        return new DllamaTokenizerFile
        {
            Pieces = ReadPieces(reader, path, vocabulary),
            BosId = bos,
            EosIds = eos,
            AddBos = addBos,
            ChatTemplate = template,
        };
    }

    /// <summary>The format before pairs: five numbers, then the pieces.</summary>
    private static DllamaTokenizerFile ReadOld(ByteReader reader, string path)
    {
        var vocabulary = reader.I32("the vocabulary size");
        reader.I32("the longest token");
        var bos = reader.I32("the BOS id");
        var eos = reader.I32("the EOS id");
        reader.I32("the padding id");
        if (vocabulary is < 1 or > FileLimits.ArrayElements || bos < 0 || bos >= vocabulary)
            throw new ModelFormatException($"'{path}' has {vocabulary} pieces and the BOS id {bos}; "
                + $"1 to {FileLimits.ArrayElements} pieces and an id among them are needed.");
        int[] ends = eos < 0 ? [] : [CheckEos(path, eos, vocabulary)];
        return new DllamaTokenizerFile
        {
            Pieces = ReadPieces(reader, path, vocabulary),
            BosId = bos,
            EosIds = ends,
            AddBos = true,
        };
    }

    private static List<int> EosOf(ByteReader reader, string path, DllamaPairs pairs, int vocabulary)
    {
        List<int> ids = [];
        if (pairs.Has(KeyEos)) ids.Add(pairs.Get(KeyEos, 0));
        if (pairs.Has(KeyChatEos)) ids.Add(pairs.Get(KeyChatEos, 0));
        var count = pairs.Need(KeyEosCount, "count of EOS ids", 0, vocabulary, otherwise: 0);
        for (var i = 0; i < count; i++) ids.Add(reader.I32("an EOS id"));
        return [.. ids.Select(id => CheckEos(path, id, vocabulary)).Distinct()];
    }

    private static int CheckEos(string path, int id, int vocabulary) => id >= 0 && id < vocabulary ? id
        : throw new ModelFormatException($"'{path}' ends texts with token {id}; ids go from 0 to {vocabulary - 1}.");

    private static string? Template(ByteReader reader, string path, int length)
    {
        if (length == 0) return null;
        var bytes = reader.Take(length, "the chat template");
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException($"The chat template of '{path}' is not UTF-8 text.", e);
        }
    }

    private static List<DllamaPiece> ReadPieces(ByteReader reader, string path, int count)
    {
        if ((long)count * PieceBytes > reader.Remaining)
            throw new ModelFormatException($"'{path}' announces {count} pieces, but {reader.Remaining} bytes are left; "
                + "the file is cut short, fetch it again.");

        List<DllamaPiece> pieces = [];
        for (var i = 0; i < count; i++)
        {
            var score = reader.F32("a score");
            var length = reader.U32("a piece's length");
            if (length is 0 or > FileLimits.StringBytes || float.IsNaN(score))
                throw new ModelFormatException($"Piece {i} of '{path}' has {length} bytes and the score {score}; "
                    + $"1 to {FileLimits.StringBytes} bytes and a number are needed.");
            pieces.Add(new DllamaPiece(reader.Take((int)length, "a piece").ToArray(), score));
        }
        return pieces;
    }
}

/// <summary>One piece of a distributed-llama vocabulary.</summary>
/// <param name="Bytes">Its bytes as they appear in text, never none; not always whole UTF-8 characters.</param>
/// <param name="Score">Of two pairs that could merge, the one with the higher score does.</param>
public readonly record struct DllamaPiece(ReadOnlyMemory<byte> Bytes, float Score);
