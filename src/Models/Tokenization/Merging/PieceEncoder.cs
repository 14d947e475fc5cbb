using System.Text;

namespace Minka.Models.Tokenization.Merging;

/// <summary>Encodes pieces of text, each by itself; holds no state that a thread could see change.</summary>
internal interface IPieceEncoder
{
    /// <summary>Appends the tokens of one piece.</summary>
    /// <param name="piece">UTF-8, never empty.</param>
    /// <param name="scratch">Owned by the caller; its <c>Ids</c> grow.</param>
    void Encode(ReadOnlySpan<byte> piece, EncodeScratch scratch);
}

/// <summary>What one call to encode works with.</summary>
internal sealed class EncodeScratch
{
    /// <summary>Tokens so far.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Symbols of the piece at hand.</summary>
    public List<Symbol> Symbols { get; } = [];

    /// <summary>Merges them.</summary>
    public MergeLoop Loop { get; } = new();
}

/// <summary>How pieces become symbols, and what becomes of symbols that are no token.</summary>
internal sealed record PieceRules
{
    /// <summary>Symbols are bytes; otherwise characters.</summary>
    public required bool IsByteLevel { get; init; }

    /// <summary>A piece that is a token is that token, whatever the merges would make of it.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>The same for pieces of line feeds only, as llama.cpp does for Gemma 4.</summary>
    public bool TakesLineFeedsWhole { get; init; }

    /// <summary>Token of each byte, for characters without one; -1 where there is none. Null: no fallback.</summary>
    public int[]? ByteTokens { get; init; }

    /// <summary>Token for what has none and no byte tokens; -1 for nothing.</summary>
    public int UnknownId { get; init; } = -1;

    /// <summary>Neighbouring unknown characters share one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Unknown symbols vanish before merging, so that their neighbours meet, as Hugging Face has it.</summary>
    public bool DropsUnknown { get; init; }
}

/// <summary>Encodes by merging symbols.</summary>
/// <typeparam name="TRule">Which neighbours merge.</typeparam>
internal sealed class PieceEncoder<TRule> : IPieceEncoder where TRule : struct, IMergeRule
{
    private readonly PieceTable _pieces;
    private readonly TRule _rule;
    private readonly PieceRules _rules;
    private readonly int[] _byteIds = new int[256];

    // Whether merging the text of a token gives that token: then a piece equal to it needs no merging. Filled as found;
    // threads may find the same twice.
    private readonly bool[] _mergesToItself;

    /// <summary>An encoder over a vocabulary.</summary>
    /// <param name="pieces">Tokens that text may become.</param>
    /// <param name="rule">Which neighbours merge.</param>
    /// <param name="rules">How pieces become symbols.</param>
    /// <param name="tokenCount">Ids are below this.</param>
    public PieceEncoder(PieceTable pieces, TRule rule, PieceRules rules, int tokenCount)
    {
        (_pieces, _rule, _rules) = (pieces, rule, rules);
        _mergesToItself = new bool[tokenCount];
        for (var b = 0; b < 256; b++) _byteIds[b] = pieces.Find([(byte)b]);
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<byte> piece, EncodeScratch scratch)
    {
        var whole = _pieces.Find(piece);
        if (whole >= 0 && (_mergesToItself[whole] || TakesWhole(piece)))
        {
            scratch.Ids.Add(whole);
            return;
        }
        var symbols = scratch.Symbols;
        symbols.Clear();
        if (_rules.IsByteLevel) AddBytes(piece, symbols);
        else AddCharacters(piece, symbols);
        scratch.Loop.Run(_rule, piece, symbols);
        if (symbols.Count == 1 && whole >= 0 && symbols[0].Id == whole) _mergesToItself[whole] = true;
        Emit(piece, symbols, scratch.Ids);
    }

    private bool TakesWhole(ReadOnlySpan<byte> piece) => _rules.IgnoresMerges
        || (_rules.TakesLineFeedsWhole && piece.IndexOfAnyExcept((byte)'\n') < 0);

    private void AddBytes(ReadOnlySpan<byte> piece, List<Symbol> symbols)
    {
        for (var i = 0; i < piece.Length; i++) Add(symbols, _byteIds[piece[i]], i, i + 1);
    }

    private void AddCharacters(ReadOnlySpan<byte> piece, List<Symbol> symbols)
    {
        for (var start = 0; start < piece.Length;)
        {
            var end = start + 1;
            while (end < piece.Length && (piece[end] & 0xC0) == 0x80) end++;
            var id = end == start + 1 ? _byteIds[piece[start]] : _pieces.Find(piece[start..end]);
            Add(symbols, id, start, end);
            start = end;
        }
    }

    private void Add(List<Symbol> symbols, int id, int start, int end)
    {
        if (id >= 0 || !_rules.DropsUnknown) symbols.Add(new Symbol(id, start, end));
    }

    private void Emit(ReadOnlySpan<byte> piece, List<Symbol> symbols, List<int> ids)
    {
        var wasUnknown = false;
        foreach (var (id, start, end) in symbols)
        {
            if (id >= 0)
            {
                ids.Add(id);
                wasUnknown = false;
            }
            else if (!TryEmitBytes(piece[start..end], ids) && _rules.UnknownId >= 0)
            {
                if (!wasUnknown || !_rules.FusesUnknown) ids.Add(_rules.UnknownId);
                wasUnknown = true;
            }
        }
    }

    private bool TryEmitBytes(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        if (_rules.ByteTokens is not { } tokens) return false;
        foreach (var b in bytes)
        {
            if (tokens[b] < 0) return false;
        }
        foreach (var b in bytes) ids.Add(tokens[b]);
        return true;
    }

    /// <summary>Encodes UTF-16 text, for tests.</summary>
    internal int[] Encode(string piece)
    {
        var scratch = new EncodeScratch();
        Encode(Encoding.UTF8.GetBytes(piece), scratch);
        return [.. scratch.Ids];
    }
}
