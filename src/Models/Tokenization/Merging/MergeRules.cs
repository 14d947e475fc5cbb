namespace Minka.Models.Tokenization.Merging;

/// <summary>Says which neighbours merge; a struct, so that the merge loop is compiled for it.</summary>
internal interface IMergeRule
{
    /// <summary>Whether two neighbours merge.</summary>
    /// <param name="piece">The bytes of the piece.</param>
    /// <param name="left">Left neighbour.</param>
    /// <param name="right">Right neighbour.</param>
    /// <param name="rank">Lower ranks merge first, equal ones from left to right.</param>
    /// <param name="merged">Token they become.</param>
    bool TryMerge(ReadOnlySpan<byte> piece, Symbol left, Symbol right, out uint rank, out int merged);
}

/// <summary>A token, or what may still become one, at a place of a piece.</summary>
/// <param name="Id">Token id; -1 for bytes without a token.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">One past the last byte.</param>
internal readonly record struct Symbol(int Id, int Start, int End);

/// <summary>Byte-pair encoding: pairs merge in the order of a list.</summary>
internal readonly struct RankedMerges(MergeTable merges) : IMergeRule
{
    /// <inheritdoc/>
    public bool TryMerge(ReadOnlySpan<byte> piece, Symbol left, Symbol right, out uint rank, out int merged)
    {
        (rank, merged) = (0, 0);
        if (left.Id < 0 || right.Id < 0 || !merges.TryFind(left.Id, right.Id, out var at, out merged)) return false;
        rank = (uint)at;
        return true;
    }
}

/// <summary>SentencePiece and tiktoken: neighbours that together are a token merge, best score first.</summary>
internal readonly struct ScoredMerges(PieceTable pieces, uint[] ranks) : IMergeRule
{
    /// <inheritdoc/>
    public bool TryMerge(ReadOnlySpan<byte> piece, Symbol left, Symbol right, out uint rank, out int merged)
    {
        merged = pieces.Find(piece[left.Start..right.End]);
        rank = merged < 0 ? 0 : ranks[merged];
        return merged >= 0;
    }

    /// <summary>Longest piece, in bytes, that is accepted; it bounds the work at each place.</summary>
    private const int PieceBytesMax = 4_096;

    /// <summary>The rule over a table of pieces.</summary>
    /// <param name="pieces">What neighbours may become.</param>
    /// <param name="scores">By id; the best merges first.</param>
    /// <exception cref="ModelFormatException">A piece is too long.</exception>
    public static ScoredMerges Over(PieceTable pieces, ReadOnlySpan<float> scores) =>
        pieces.LongestLength <= PieceBytesMax ? new ScoredMerges(pieces, RanksOf(scores))
        : throw new ModelFormatException($"The tokenizer has a piece of {pieces.LongestLength} bytes; with scores it "
            + $"may have up to {PieceBytesMax}.");

    // The higher the score, the lower the rank; not-a-number merges last.
    private static uint[] RanksOf(ReadOnlySpan<float> scores)
    {
        var ranks = new uint[scores.Length];
        for (var i = 0; i < ranks.Length; i++)
        {
            // Bits of a float order like the numbers, once negatives are turned over.
            var bits = BitConverter.SingleToUInt32Bits(scores[i] + 0f);
            var ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits;
            ranks[i] = float.IsNaN(scores[i]) ? uint.MaxValue - 1 : ~ascending;
        }
        return ranks;
    }
}
