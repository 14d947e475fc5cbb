using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization.Splitting;

/// <summary>The pattern of GPT-4o (Llama 4, Phi-4, gpt-oss): words break where upper case follows lower.</summary>
/// <param name="digits">Most digits in a piece.</param>
/// <param name="contractions">A word takes its contraction with it; Mistral's Tekken does not.</param>
/// <param name="asLlamaCpp">As llama.cpp: letters outside ASCII count as both cases, marks as neither.</param>
internal sealed class O200kScanner(int digits, bool contractions, bool asLlamaCpp) : WordScanner
{
    /// <inheritdoc/>
    public override string Name => contractions ? "gpt-4o" : "tekken";

    /// <inheritdoc/>
    public override string Pattern
    {
        get
        {
            var upper = asLlamaCpp ? @"((?=[\p{L}])([^a-z]))" : @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
            var lower = asLlamaCpp ? @"((?=[\p{L}])([^A-Z]))" : @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
            var suffix = !contractions ? ""
                : asLlamaCpp ? "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?"
                : "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
            var numbers = digits == 1 ? @"\p{N}" : $@"\p{{N}}{{1,{digits}}}";
            return $@"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+{suffix}|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*{suffix}"
                + $@"|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        }
    }

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        var kind = CharKinds.At(text, start, out var width);
        var mayLead = (kind & (CharKind.Letter | CharKind.Number | CharKind.LineEnd)) == 0;
        var end = (mayLead ? EndOfMixedWord(text, start + width) : -1) is var led and > 0 ? led
            : EndOfMixedWord(text, start) is var bare and > 0 ? bare
            : (mayLead ? EndOfUpperWord(text, start + width) : -1) is var ledUpper and > 0 ? ledUpper
            : EndOfUpperWord(text, start);
        if (end > 0) return contractions ? end + ContractionOfAnyCase(text, end, longS: !asLlamaCpp) : end;
        if ((kind & CharKind.Number) != 0) return EndOfDigits(text, start);

        const CharKind NotOther = CharKind.Space | CharKind.Letter | CharKind.Number;
        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        if ((CharKinds.At(text, body, out _) & NotOther) != 0) return EndOfLines(text, start);
        end = EndOfOthers(text, body, NotOther);
        while (end < text.Length && text[end] is '\r' or '\n' or '/') end++;
        return end;
    }

    // Upper* Lower+: the upper part gives back what it must, down to its last code point that may be lower.
    private int EndOfMixedWord(ReadOnlySpan<char> text, int start)
    {
        var (at, lastLower) = (start, -1);
        while (Cases(text, at, out var width) is var cases && (cases & CharKind.Upper) != 0)
        {
            at += width;
            if ((cases & CharKind.Lower) != 0) lastLower = at;
        }
        var end = EndOfCase(text, at, CharKind.Lower);
        return end > at ? end : lastLower;
    }

    private int EndOfUpperWord(ReadOnlySpan<char> text, int start)
    {
        var upper = EndOfCase(text, start, CharKind.Upper);
        return upper == start ? -1 : EndOfCase(text, upper, CharKind.Lower);
    }

    private int EndOfCase(ReadOnlySpan<char> text, int at, CharKind wanted)
    {
        while ((Cases(text, at, out var width) & wanted) != 0) at += width;
        return at;
    }

    private CharKind Cases(ReadOnlySpan<char> text, int at, out int width)
    {
        var kind = CharKinds.At(text, at, out width);
        if (!asLlamaCpp) return kind;
        if ((kind & CharKind.Letter) == 0) return CharKind.Other;
        return text[at] > 127 ? CharKind.Upper | CharKind.Lower : kind;
    }

    private int EndOfDigits(ReadOnlySpan<char> text, int at)
    {
        for (var i = 0; i < digits && (CharKinds.At(text, at, out var width) & CharKind.Number) != 0; i++) at += width;
        return at;
    }
}
