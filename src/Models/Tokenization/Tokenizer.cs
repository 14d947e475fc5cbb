using System.Text;
using Minka.Models.Tokenization.Decoding;
using Minka.Models.Tokenization.Merging;
using Minka.Models.Tokenization.Normalizing;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization;

/// <summary>Text into token ids and back. Immutable: any number of threads may use it at once.</summary>
/// <remarks>
/// Text is cut at added tokens, normalised, split into pieces, and each piece becomes tokens. Which steps there are
/// comes from the file; see <see cref="Tokenizers"/>.
/// </remarks>
public sealed class Tokenizer
{
    /// <summary>A noncharacter that no text needs. Inside a stretch it keeps special tokens from being found there; it
    /// is taken out before the text becomes tokens.</summary>
    private const char GuardUnit = '\uFDD0';

    private readonly TokenizerParts _parts;
    private readonly AddedTokens _rawTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly AddedTokens _specialTokens;

    internal Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _rawTokens = new AddedTokens([.. parts.Added.Where(token => !token.IsNormalized)]);
        _normalizedTokens = new AddedTokens([.. parts.Added.Where(token => token.IsNormalized)
            .Select(token => token with { Content = parts.Normalizer?.Normalize(token.Content) ?? token.Content })
            .Where(token => token.Content.Length > 0)
            .DistinctBy(token => token.Content)]);
        _specialTokens = new AddedTokens([.. parts.Added.Where(token => token.IsSpecial)
            .DistinctBy(token => token.Content)]);
        EosIds = [.. parts.EosIds];
    }

    /// <summary>Highest token id and one. A model may have more rows than this; those ids stand for no token.</summary>
    public int VocabularySize => _parts.Vocabulary.Count;

    /// <summary>Token that begins a text; null when the file names none.</summary>
    public int? BosId => _parts.BosId;

    /// <summary>Tokens that end a generation, as far as the file says: EOS, end of turn, end of message, …</summary>
    public IReadOnlyList<int> EosIds { get; }

    /// <summary>Whether <see cref="Encode"/> puts <see cref="BosId"/> first when asked for special tokens.</summary>
    public bool AddsBos => _parts.BosId is { } bos && _parts.Prefix is [var first, ..] && first == bos;

    /// <summary>What kind it is, for people: "byte-level BPE (qwen2)".</summary>
    public string Kind => _parts.Kind;

    /// <summary>Encodes text.</summary>
    /// <param name="text">Lone surrogates become U+FFFD.</param>
    /// <param name="addSpecial">Put before and behind it what the model expects there (BOS, sometimes EOS).</param>
    /// <param name="parseSpecial">Special tokens in the text are taken as such; otherwise they stay text.</param>
    /// <exception cref="ModelFormatException">The file's own splitting pattern takes forever on this text.</exception>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var scratch = new EncodeScratch();
        if (addSpecial) scratch.Ids.AddRange(_parts.Prefix);
        if (_rawTokens.IsEmpty) EncodeStretch(text, isAtStart: true, parseSpecial, scratch);
        else
        {
            foreach (var section in _rawTokens.Cut(text, parseSpecial))
            {
                if (section.Id >= 0) scratch.Ids.Add(section.Id);
                else EncodeStretch(text[section.Start..section.End], section.Start == 0, parseSpecial, scratch);
            }
        }
        if (addSpecial) scratch.Ids.AddRange(_parts.Suffix);
        return [.. scratch.Ids];
    }

    /// <summary>Marks the special tokens in a text that somebody wrote, so that they stay text when
    /// <see cref="Encode"/> meets them later inside a longer one, such as a rendered chat template.</summary>
    /// <returns>The text, with invisible marks that <see cref="Encode"/> takes out.</returns>
    public string Guard(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains(GuardUnit)) text = text.Replace(GuardUnit.ToString(), "", StringComparison.Ordinal);
        return _specialTokens.Guard(text, GuardUnit);
    }

    /// <summary>Takes the marks of <see cref="Guard"/> out.</summary>
    public static string Unguard(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains(GuardUnit) ? text.Replace(GuardUnit.ToString(), "", StringComparison.Ordinal) : text;
    }

    /// <summary>Decodes tokens; ids that stand for no token are nothing.</summary>
    /// <param name="ids">Tokens of one whole text.</param>
    /// <param name="skipSpecial">Leave special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        var text = new StringBuilder(ids.Length * 4);
        var sink = _parts.Detokenizer.Begin(text, continues: false);
        foreach (var id in ids)
        {
            if (!skipSpecial || !IsSpecial(id)) sink.Push(id);
        }
        sink.Finish();
        return text.ToString();
    }

    /// <summary>The raw bytes a token stands for, maybe a part of a character; empty for no token.</summary>
    public ReadOnlySpan<byte> TokenBytes(int id) => _parts.Vocabulary.Bytes[id];

    /// <summary>The token as its file writes it (<c>Ġthe</c>, <c>▁the</c>); empty for no token.</summary>
    public string TokenText(int id) => _parts.Vocabulary.TextOf(id);

    /// <summary>Whether a token steers the model and is left out of text by default.</summary>
    public bool IsSpecial(int id) => _parts.Vocabulary.IsSpecial(id);

    /// <summary>Finds a token by its text in the file.</summary>
    public bool TryGetId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        id = _parts.Vocabulary.Find(token);
        return id >= 0;
    }

    /// <summary>Begins to decode tokens one by one.</summary>
    /// <param name="skipSpecial">Leave special tokens out.</param>
    /// <param name="continues">
    /// The text goes on from an earlier one: a leading space stays. Otherwise all parts together are what
    /// <see cref="Decode"/> gives.
    /// </param>
    public TextStream CreateStream(bool skipSpecial = true, bool continues = false) =>
        new(this, _parts.Detokenizer, skipSpecial, continues);

    private void EncodeStretch(string text, bool isAtStart, bool parseSpecial, EncodeScratch scratch)
    {
        if (_parts.Normalizer is { } normalizer) text = normalizer.Normalize(text);
        if (_normalizedTokens.IsEmpty)
        {
            EncodeText(text, isAtStart, scratch);
            return;
        }
        foreach (var section in _normalizedTokens.Cut(text, parseSpecial))
        {
            if (section.Id >= 0) scratch.Ids.Add(section.Id);
            else EncodeText(text[section.Start..section.End], isAtStart && section.Start == 0, scratch);
        }
    }

    private void EncodeText(string text, bool isAtStart, EncodeScratch scratch)
    {
        var pieces = new Pieces(Unguard(text), isAtStart);
        foreach (var step in _parts.Splits) step.Apply(pieces);

        var buffer = new byte[256];
        foreach (var (start, end) in pieces.Items)
        {
            var piece = pieces.Text.AsSpan(start, end - start);
            if (piece.Length * 3 > buffer.Length) buffer = new byte[piece.Length * 3];
            var written = pieces.IsByteLetters ? BytesOf(piece, buffer) : Encoding.UTF8.GetBytes(piece, buffer);
            if (written > 0) _parts.Encoder.Encode(buffer.AsSpan(0, written), scratch);
        }
    }

    private static int BytesOf(ReadOnlySpan<char> letters, Span<byte> bytes)
    {
        for (var i = 0; i < letters.Length; i++) bytes[i] = (byte)ByteLetters.ByteOf(letters[i]);
        return letters.Length;
    }
}

/// <summary>What a tokenizer is put together from.</summary>
internal sealed record TokenizerParts
{
    /// <summary>What kind it is, for people.</summary>
    public required string Kind { get; init; }

    /// <summary>The tokens.</summary>
    public required Vocabulary Vocabulary { get; init; }

    /// <summary>Tokens found in text as it stands.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Changes text before it is split; null for nothing.</summary>
    public INormalizer? Normalizer { get; init; }

    /// <summary>Split text into pieces.</summary>
    public required IReadOnlyList<ISplitStep> Splits { get; init; }

    /// <summary>Turns pieces into tokens.</summary>
    public required IPieceEncoder Encoder { get; init; }

    /// <summary>Turns tokens into text.</summary>
    public required IDetokenizer Detokenizer { get; init; }

    /// <summary>Begins a text; null when the file names none.</summary>
    public int? BosId { get; init; }

    /// <summary>End a generation.</summary>
    public required IEnumerable<int> EosIds { get; init; }

    /// <summary>Put before every text.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Put behind every text.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];
}
