using System.Globalization;
using System.Text;
using Minka.Models.Tokenization.Merging;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization.Files;

/// <summary>Makes tables of the tokens that text may become.</summary>
internal static class PieceTables
{
    /// <summary>A table of tokens as they appear in text.</summary>
    /// <param name="vocabulary">Knows their texts.</param>
    /// <param name="ids">Which may be found; of equal ones the first.</param>
    /// <param name="isByteLevel">Texts are byte letters; those that are not can never be found.</param>
    public static PieceTable OfText(Vocabulary vocabulary, IEnumerable<int> ids, bool isByteLevel)
    {
        var texts = isByteLevel ? DecodeLetters(vocabulary.Texts) : vocabulary.Texts;
        var table = new PieceTable(texts);
        foreach (var id in ids)
        {
            if (texts[id].Length > 0) table.TryAdd(id);
        }
        return table;
    }

    /// <summary>Adds a cut at word starts where that changes no token.</summary>
    public static IReadOnlyList<ISplitStep> WithWordStarts(
        IReadOnlyList<ISplitStep> steps, PieceTable pieces, char mark) =>
        pieces.HasOnlyBefore(Encoding.UTF8.GetBytes([mark])) ? [.. steps, new WordStartSplit(mark)] : steps;

    private static ByteTexts DecodeLetters(ByteTexts texts)
    {
        var decoded = new ByteTexts.Builder();
        var buffer = new byte[texts.LongestLength];
        for (var id = 0; id < texts.Count; id++)
        {
            decoded.Add(ByteLetters.TryDecode(texts[id], buffer, out var written) ? buffer.AsSpan(0, written) : []);
        }
        return decoded.Build();
    }
}

/// <summary>Reads lists of merges.</summary>
internal static class MergeTables
{
    /// <summary>A table of merges.</summary>
    /// <param name="vocabulary">Knows both halves and the whole.</param>
    /// <param name="parts">Left and right half of each merge in turn, as the vocabulary writes them.</param>
    /// <param name="replaces">Of two equal merges the later counts.</param>
    /// <exception cref="ModelFormatException">A half or a whole is no token.</exception>
    public static MergeTable Read(Vocabulary vocabulary, ByteTexts parts, bool replaces)
    {
        var table = new MergeTable(parts.Count / 2);
        var whole = new byte[parts.LongestLength * 2];
        for (var rank = 0; rank < parts.Count / 2; rank++)
        {
            var left = parts[rank * 2];
            var right = parts[rank * 2 + 1];
            left.CopyTo(whole);
            right.CopyTo(whole.AsSpan(left.Length));
            var merged = whole.AsSpan(0, left.Length + right.Length);
            table.Add(Find(vocabulary, left, rank), Find(vocabulary, right, rank), rank, Find(vocabulary, merged, rank),
                replaces);
        }
        return table;
    }

    private static int Find(Vocabulary vocabulary, ReadOnlySpan<byte> text, int rank)
    {
        var id = vocabulary.Find(text);
        return id >= 0 ? id : throw new ModelFormatException(
            $"Merge {rank} of the tokenizer names '{Encoding.UTF8.GetString(text)}', which is no token; the vocabulary "
            + "and the merges must be of one model.");
    }
}

/// <summary>Finds the tokens that stand for single bytes.</summary>
internal static class ByteTokens
{
    /// <summary>Tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, by byte; -1 where there is none.</summary>
    public static int[] Find(Vocabulary vocabulary) => [.. Enumerable.Range(0, 256)
        .Select(value => vocabulary.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")))];
}
