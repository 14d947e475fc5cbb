using System.Buffers.Binary;
using System.Text;
using Minka.Models.Loading.Dllama;
using Minka.Models.Tokenization.Decoding;
using Minka.Models.Tokenization.Merging;
using Minka.Models.Tokenization.Normalizing;
using Minka.Models.Tokenization.Patterns;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization.Files;

/// <summary>Puts a tokenizer together from pieces of raw bytes with scores.</summary>
/// <remarks>
/// distributed-llama's <c>.t</c> names no splitting rule and llama2.c's <c>tokenizer.bin</c> needs none. In both, bytes
/// stand as they appear in text: SentencePiece's U+2581 is a space already, GPT-2's letters are bytes again.
/// </remarks>
internal sealed class DllamaTokenizer
{
    private readonly IReadOnlyList<DllamaPiece> _pieces;
    private readonly HashSet<int> _special;

    private DllamaTokenizer(IReadOnlyList<DllamaPiece> pieces, IEnumerable<int> special)
    {
        (_pieces, _special) = (pieces, [.. special]);
        if (pieces.Count > Vocabulary.IdMax)
            throw new ModelFormatException($"The tokenizer has {pieces.Count} pieces; up to {Vocabulary.IdMax} are "
                + "possible.");
    }

    /// <summary>Makes a tokenizer from a <c>.t</c> file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="mergesAcrossWords">Split nothing, as dllama itself does.</param>
    public static TokenizerParts Read(DllamaTokenizerFile file, bool mergesAcrossWords)
    {
        // SentencePiece has its three special tokens first, so there "ids from BOS on are special" cannot hold.
        var isSentencePiece = file.BosId == 1;
        var special = isSentencePiece ? Enumerable.Range(0, 3).Where(id => id < file.Pieces.Count)
            : Enumerable.Range(file.BosId, file.Pieces.Count - file.BosId);
        var tokenizer = new DllamaTokenizer(file.Pieces, special.Concat(file.EosIds).Append(file.BosId));
        var parts = isSentencePiece ? tokenizer.BuildSentencePiece(firstByteId: 3)
            : tokenizer.BuildByteLevel(mergesAcrossWords);
        return parts with
        {
            BosId = file.BosId,
            EosIds = file.EosIds.Concat(parts.EosIds).Distinct(),
            Prefix = file.AddBos ? [file.BosId] : [],
        };
    }

    /// <summary>Makes a tokenizer from a <c>tokenizer.bin</c>.</summary>
    /// <remarks>Layout: longest piece i32; then for each piece score f32, length i32, bytes.</remarks>
    public static TokenizerParts ReadLlama2C(ReadOnlyMemory<byte> file)
    {
        const int HeadBytes = 8, FirstByteId = 3;
        var pieces = new List<DllamaPiece>();
        for (var at = 4; at < file.Length;)
        {
            if (file.Length - at < HeadBytes) throw CutShort(pieces.Count, file.Length - at);
            var head = file.Span.Slice(at, HeadBytes);
            var length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
            at += HeadBytes;
            if (length < 0 || length > file.Length - at) throw CutShort(pieces.Count, file.Length - at);
            var bytes = file.Slice(at, length);
            if (ByteFallbackPiece.ByteOf(Encoding.UTF8.GetString(bytes.Span)) is var value and >= 0)
                bytes = new[] { (byte)value };
            pieces.Add(new DllamaPiece(bytes, BinaryPrimitives.ReadSingleLittleEndian(head)));
            at += length;
        }
        if (pieces.Count <= FirstByteId + 256)
            throw new ModelFormatException($"The tokenizer has {pieces.Count} pieces; 3 special ones, 256 bytes and "
                + "some text are needed.");
        var parts = new DllamaTokenizer(pieces, [0, 1, 2]).BuildSentencePiece(FirstByteId);
        return parts with { BosId = 1, EosIds = [2], Prefix = [1] };
    }

    private static ModelFormatException CutShort(int piece, int left) => new(
        $"Piece {piece} of the tokenizer does not fit in the {left} bytes that are left; the file is cut short, "
        + "fetch it again.");

    private TokenizerParts BuildSentencePiece(int firstByteId)
    {
        var byteTokens = new int[256];
        Array.Fill(byteTokens, -1);
        for (var id = firstByteId; id < Math.Min(firstByteId + 256, _pieces.Count); id++)
        {
            if (_pieces[id].Bytes.Span is [var value]) byteTokens[value] = id;
        }
        var vocabulary = MakeVocabulary();

        // A byte token and a piece may be the same byte: text becomes the piece.
        var bytes = byteTokens.ToHashSet();
        var pieces = PieceTables.OfText(vocabulary, TextIds().Where(id => !bytes.Contains(id)), isByteLevel: false);
        var rules = new PieceRules { IsByteLevel = false, ByteTokens = byteTokens, UnknownId = 0 };
        return Build(vocabulary, pieces, rules) with
        {
            Kind = "SentencePiece BPE",
            Normalizer = new PrependNormalizer(" "),
            Splits = PieceTables.WithWordStarts([], pieces, ' '),
            Detokenizer = new ByteDetokenizer(vocabulary, dropsFirstSpace: true),
        };
    }

    private TokenizerParts BuildByteLevel(bool mergesAcrossWords)
    {
        var vocabulary = MakeVocabulary();
        var names = _special.Select(id => vocabulary.TextOf(id)).ToHashSet(StringComparer.Ordinal);
        WordScanner? scanner = mergesAcrossWords ? null
            : names.Contains("<|begin_of_text|>") ? new Cl100kScanner(digits: 3, CharKind.Letter, longS: true)
            : names.Contains("<|im_start|>") || names.Contains("<|endoftext|>")
                ? new Cl100kScanner(digits: 1, CharKind.Letter, longS: true)
            : null;
        var rules = new PieceRules
        {
            IsByteLevel = true,
            IgnoresMerges = scanner is not null && names.Contains("<|begin_of_text|>"),
        };
        return Build(vocabulary, PieceTables.OfText(vocabulary, TextIds(), isByteLevel: false), rules) with
        {
            Kind = scanner is null ? "byte-level BPE (merges across words)"
                : $"byte-level BPE ({scanner.Name}, by its special tokens)",
            Splits = scanner is null ? [] : [new ScannerSplit(scanner)],
        };
    }

    private TokenizerParts Build(Vocabulary vocabulary, PieceTable pieces, PieceRules rules)
    {
        var merges = ScoredMerges.Over(pieces, [.. _pieces.Select(piece => piece.Score)]);
        var added = _special.Order().Select(id => new AddedToken(id, vocabulary.TextOf(id).Trim('\n'), IsSpecial: true))
            .Where(token => token.Content.Length is > 0 and <= AddedTokens.LengthMax)
            .DistinctBy(token => token.Content, StringComparer.Ordinal)
            .ToList();
        return new TokenizerParts
        {
            Kind = "",
            Vocabulary = vocabulary,
            Added = added,
            Splits = [],
            Encoder = new PieceEncoder<ScoredMerges>(pieces, merges, rules, vocabulary.Count),
            Detokenizer = new ByteDetokenizer(vocabulary, dropsFirstSpace: false),
            EosIds = EndTokens.Pick([.. added.Select(token => (token.Id, token.Content))]),
        };
    }

    private IEnumerable<int> TextIds() => Enumerable.Range(0, _pieces.Count).Where(id => !_special.Contains(id));

    private Vocabulary MakeVocabulary()
    {
        var texts = new ByteTexts.Builder();
        foreach (var piece in _pieces) texts.Add(piece.Bytes.Span);
        var built = texts.Build();
        return new Vocabulary(built, built, _special);
    }
}
