namespace Minka.Models.Tokenization.Merging;

/// <summary>SentencePiece's unigram model: the most probable way to cut a piece into tokens (Viterbi).</summary>
/// <remarks>Kudo 2018, "Subword Regularization". Unknown characters cost 10 more than the worst token.</remarks>
internal sealed class UnigramEncoder : IPieceEncoder
{
    /// <summary>Longest token, in bytes, that is accepted; it bounds the work at each place.</summary>
    public const int PieceBytesMax = 1_024;

    private const double UnknownPenalty = 10;

    private readonly PieceTable _pieces;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknownId;
    private readonly int[]? _byteTokens;

    /// <summary>An encoder over a vocabulary.</summary>
    /// <param name="pieces">Tokens that text may become.</param>
    /// <param name="scores">Logarithm of each token's probability, by id.</param>
    /// <param name="unknownId">Token for what has none; -1 for nothing.</param>
    /// <param name="byteTokens">Token of each byte, tried before the unknown token; null for none.</param>
    public UnigramEncoder(PieceTable pieces, double[] scores, int unknownId, int[]? byteTokens)
    {
        if (pieces.LongestLength > PieceBytesMax)
            throw new ModelFormatException($"The tokenizer has a piece of {pieces.LongestLength} bytes; a unigram "
                + $"model may have up to {PieceBytesMax}.");
        (_pieces, _scores, _unknownId, _byteTokens) = (pieces, scores, unknownId, byteTokens);
        _unknownScore = scores.DefaultIfEmpty(0).Min() - UnknownPenalty;
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<byte> piece, EncodeScratch scratch)
    {
        var (from, ids) = FindBest(piece);
        var symbols = scratch.Symbols;
        symbols.Clear();
        for (var end = piece.Length; end > 0; end = from[end])
        {
            // Neighbouring unknown characters become one.
            if (ids[end] < 0 && symbols is [.., { Id: < 0 } last])
                symbols[^1] = last with { Start = from[end] };
            else symbols.Add(new Symbol(ids[end], from[end], end));
        }
        for (var i = symbols.Count - 1; i >= 0; i--) Emit(piece, symbols[i], scratch.Ids);
    }

    private (int[] From, int[] Ids) FindBest(ReadOnlySpan<byte> piece)
    {
        var best = new double[piece.Length + 1];
        var from = new int[piece.Length + 1];
        var ids = new int[piece.Length + 1];
        Array.Fill(from, -1);
        from[0] = 0;
        for (var start = 0; start < piece.Length; start = EndOfCharacter(piece, start))
        {
            var oneEnd = EndOfCharacter(piece, start);
            var hasOne = false;
            var endMax = Math.Min(piece.Length, start + _pieces.LongestLength);
            for (var end = oneEnd; end <= endMax; end = EndOfCharacter(piece, end))
            {
                var id = _pieces.Find(piece[start..end]);
                if (id >= 0)
                {
                    Offer(start, end, id, best[start] + _scores[id], best, from, ids);
                    hasOne |= end == oneEnd;
                }
                if (end == piece.Length) break;
            }
            if (!hasOne) Offer(start, oneEnd, -1, best[start] + _unknownScore, best, from, ids);
        }
        return (from, ids);
    }

    private static void Offer(int start, int end, int id, double score, double[] best, int[] from, int[] ids)
    {
        if (from[end] >= 0 && score <= best[end]) return;
        (best[end], from[end], ids[end]) = (score, start, id);
    }

    private static int EndOfCharacter(ReadOnlySpan<byte> piece, int at)
    {
        do at++;
        while (at < piece.Length && (piece[at] & 0xC0) == 0x80);
        return at;
    }

    private void Emit(ReadOnlySpan<byte> piece, Symbol symbol, List<int> ids)
    {
        if (symbol.Id >= 0)
        {
            ids.Add(symbol.Id);
            return;
        }
        var bytes = piece[symbol.Start..symbol.End];
        if (_byteTokens is { } tokens && !HasGap(bytes, tokens))
        {
            foreach (var b in bytes) ids.Add(tokens[b]);
        }
        else if (_unknownId >= 0) ids.Add(_unknownId);
    }

    private static bool HasGap(ReadOnlySpan<byte> bytes, int[] tokens)
    {
        foreach (var b in bytes)
        {
            if (tokens[b] < 0) return true;
        }
        return false;
    }
}
