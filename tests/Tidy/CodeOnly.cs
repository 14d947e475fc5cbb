namespace Minka.Tidy;

/// <summary>Blanks comments and literals of C#, keeping every newline and every position.</summary>
/// <remarks>
/// Knows plain, verbatim, raw and interpolated strings; code in the holes of a string is blanked with it.
/// </remarks>
internal static class CodeOnly
{
    public static string Blank(string text)
    {
        var code = text.ToCharArray();
        for (var at = 0; at < text.Length;)
        {
            var end = EndOfBlank(text, at);
            if (end == at)
            {
                at++;
                continue;
            }
            for (; at < end; at++)
                if (code[at] != '\n') code[at] = ' ';
        }
        return new string(code);
    }

    /// <summary>
    /// Where the comment or literal that begins at <paramref name="at"/> ends; the same place for code.
    /// </summary>
    private static int EndOfBlank(string text, int at)
    {
        if (StartsWith(text, at, "//")) return End(text, text.IndexOf('\n', at));
        if (StartsWith(text, at, "/*")) return End(text, text.IndexOf("*/", at, StringComparison.Ordinal) + 2);
        if (text[at] == '#' && IsFirstOnLine(text, at)) return End(text, text.IndexOf('\n', at));
        if (text[at] == '\'') return EndOfQuoted(text, at + 1, '\'', isVerbatim: false, holes: 0);
        return EndOfString(text, at);
    }

    private static int EndOfString(string text, int at)
    {
        var quote = at;
        while (quote < text.Length && text[quote] is '$' or '@') quote++;
        if (quote >= text.Length || text[quote] != '"') return at;

        var prefix = text[at..quote];
        var holes = prefix.Count(letter => letter == '$');
        var quotes = Run(text, quote, '"');
        return quotes >= 3
            ? EndOfRaw(text, quote, quotes)
            : EndOfQuoted(text, quote + 1, '"', prefix.Contains('@', StringComparison.Ordinal), holes);
    }

    private static int EndOfRaw(string text, int quote, int quotes)
    {
        var closing = text.IndexOf(new string('"', quotes), quote + quotes, StringComparison.Ordinal);
        return closing < 0 ? text.Length : closing + Run(text, closing, '"');
    }

    private static int EndOfQuoted(string text, int at, char quote, bool isVerbatim, int holes)
    {
        while (at < text.Length)
        {
            if (text[at] == '\\' && !isVerbatim) at += 2;
            else if (text[at] == quote && isVerbatim && Run(text, at, quote) > 1) at += 2;
            else if (text[at] == quote) return at + 1;
            else if (text[at] == '{' && holes > 0 && Run(text, at, '{') > 1) at += 2;
            else if (text[at] == '{' && holes > 0) at = EndOfHole(text, at + 1);
            else at++;
        }
        return text.Length;
    }

    private static int EndOfHole(string text, int at)
    {
        for (var depth = 1; at < text.Length && depth > 0;)
        {
            var end = EndOfBlank(text, at);
            if (end > at)
            {
                at = end;
                continue;
            }
            if (text[at] == '{') depth++;
            if (text[at] == '}') depth--;
            at++;
        }
        return at;
    }

    private static int Run(string text, int at, char letter)
    {
        var end = at;
        while (end < text.Length && text[end] == letter) end++;
        return end - at;
    }

    private static bool IsFirstOnLine(string text, int at) =>
        text.AsSpan(text.LastIndexOf('\n', at) + 1, at - text.LastIndexOf('\n', at) - 1).IsWhiteSpace();

    private static bool StartsWith(string text, int at, string what) =>
        string.CompareOrdinal(text, at, what, 0, what.Length) == 0;

    private static int End(string text, int found) => found <= 1 ? text.Length : found;
}
