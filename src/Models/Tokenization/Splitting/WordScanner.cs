using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization.Splitting;

/// <summary>A well-known splitting pattern written by hand: every place of a text begins a piece.</summary>
/// <remarks>A test holds each scanner equal to its pattern, run by the pattern matcher, on random text.</remarks>
internal abstract class WordScanner
{
    /// <summary>What people call it.</summary>
    public abstract string Name { get; }

    /// <summary>The pattern it stands for.</summary>
    public abstract string Pattern { get; }

    /// <summary>Where the piece that begins at <paramref name="start"/> ends.</summary>
    /// <param name="text">UTF-16; nothing beyond it is seen.</param>
    /// <param name="start">Less than the text's length.</param>
    public abstract int Next(ReadOnlySpan<char> text, int start);

    /// <summary>End of the run of code points that have one of <paramref name="kinds"/>.</summary>
    protected static int EndOfRun(ReadOnlySpan<char> text, int at, CharKind kinds)
    {
        while ((CharKinds.At(text, at, out var width) & kinds) != 0) at += width;
        return at;
    }

    /// <summary>End of the run of code points that have none of <paramref name="kinds"/>.</summary>
    protected static int EndOfOthers(ReadOnlySpan<char> text, int at, CharKind kinds)
    {
        while (at < text.Length && (CharKinds.At(text, at, out var width) & kinds) == 0) at += width;
        return at;
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: white space, but for the last of several before something else.</summary>
    protected static int EndOfSpaces(ReadOnlySpan<char> text, int start)
    {
        var end = EndOfRun(text, start, CharKind.Space);
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: as above, and through the last line end if there is one.</summary>
    protected static int EndOfLines(ReadOnlySpan<char> text, int start)
    {
        var end = EndOfRun(text, start, CharKind.Space);
        var lineEnd = text[start..end].LastIndexOfAny('\r', '\n');
        if (lineEnd >= 0) return start + lineEnd + 1;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    /// <summary>Length of <c>'s 't 're 've 'm 'll 'd</c> at a place, 0 if none is there.</summary>
    protected static int Contraction(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length || text[at] != '\'') return 0;
        var (c, next) = (text[at + 1], at + 2 < text.Length ? text[at + 2] : '\0');
        if (c is 's' or 't' or 'm' or 'd') return 2;
        return (c, next) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>As <see cref="Contraction"/> in either case, and with <paramref name="longS"/> the long s.</summary>
    protected static int ContractionOfAnyCase(ReadOnlySpan<char> text, int at, bool longS)
    {
        if (at + 1 >= text.Length || text[at] != '\'') return 0;
        var c = (char)(text[at + 1] | 0x20);
        if (text[at + 1] > 127) return longS && text[at + 1] == '\u017F' ? 2 : 0;
        if (c is 's' or 't' or 'm' or 'd') return 2;
        if (at + 2 >= text.Length || text[at + 2] > 127) return 0;
        return (c, (char)(text[at + 2] | 0x20)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}

/// <summary>GPT-2's pattern; also what byte-level splitting does by itself.</summary>
internal sealed class Gpt2Scanner : WordScanner
{
    /// <inheritdoc/>
    public override string Name => "gpt-2";

    /// <inheritdoc/>
    public override string Pattern =>
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        var contraction = Contraction(text, start);
        if (contraction > 0) return start + contraction;

        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = CharKinds.At(text, body, out _);
        if ((kind & CharKind.Letter) != 0) return EndOfRun(text, body, CharKind.Letter);
        if ((kind & CharKind.Number) != 0) return EndOfRun(text, body, CharKind.Number);
        return (kind & CharKind.Space) == 0
            ? EndOfOthers(text, body, CharKind.Space | CharKind.Letter | CharKind.Number)
            : EndOfSpaces(text, start);
    }
}

/// <summary>The pattern of Llama 3 (numbers by three), Qwen2 (by one) and Qwen3.5 (marks belong to words).</summary>
/// <param name="digits">Most digits in a piece.</param>
/// <param name="word">Kinds that make a word.</param>
/// <param name="longS">Case folding takes the long s for s, as Oniguruma does and llama.cpp does not.</param>
internal sealed class Cl100kScanner(int digits, CharKind word, bool longS) : WordScanner
{
    private readonly CharKind _notOther = CharKind.Space | CharKind.Number | word;

    /// <inheritdoc/>
    public override string Name => digits != 1 ? "llama-bpe" : word == CharKind.Letter ? "qwen2" : "qwen35";

    /// <inheritdoc/>
    public override string Pattern
    {
        get
        {
            var (one, inSet) = word == CharKind.Letter ? (@"\p{L}", @"\p{L}") : (@"[\p{L}\p{M}]", @"\p{L}\p{M}");
            var contractions = longS ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
                : "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
            var numbers = digits == 1 ? @"\p{N}" : $@"\p{{N}}{{1,{digits}}}";
            return $@"{contractions}|[^\r\n\p{{L}}\p{{N}}]?{one}+|{numbers}| ?[^\s{inSet}\p{{N}}]+[\r\n]*"
                + @"|\s*[\r\n]+|\s+(?!\S)|\s+";
        }
    }

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        var contraction = ContractionOfAnyCase(text, start, longS);
        if (contraction > 0) return start + contraction;

        var kind = CharKinds.At(text, start, out var width);
        var next = CharKinds.At(text, start + width, out _);
        if ((kind & word) != 0) return EndOfRun(text, start + width, word);
        if ((kind & CharKind.Number) != 0) return EndOfDigits(text, start);
        if ((kind & CharKind.LineEnd) == 0 && (next & word) != 0) return EndOfRun(text, start + width, word);

        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        if ((CharKinds.At(text, body, out _) & _notOther) != 0) return EndOfLines(text, start);
        var end = EndOfOthers(text, body, _notOther);
        while (end < text.Length && text[end] is '\r' or '\n') end++;
        return end;
    }

    private int EndOfDigits(ReadOnlySpan<char> text, int at)
    {
        for (var i = 0; i < digits && (CharKinds.At(text, at, out var width) & CharKind.Number) != 0; i++) at += width;
        return at;
    }
}
