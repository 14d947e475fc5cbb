using System.Globalization;
using System.Text;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Strings as Python prints them inside of lists, and as HTML.</summary>
internal static class StringText
{
    /// <summary>Python's <c>repr</c> of a string.</summary>
    public static void Represent(string text, TextBuffer output)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        var plainStart = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = CodePoints.LengthAt(text, at);
            if (Escape(text, at, length, quote) is { } escape)
            {
                output.Append(text.AsSpan(plainStart, at - plainStart));
                output.Append(escape);
                plainStart = at + length;
            }

            at += length;
        }

        output.Append(text.AsSpan(plainStart));
        output.Append(quote);
    }

    /// <summary>Text for HTML, with the five escapes of Jinja.</summary>
    public static string EscapeHtml(Renderer renderer, string text)
    {
        renderer.Budget.Scan(text.Length);
        if (!text.AsSpan().ContainsAny("&<>\"'")) return text;
        var output = new TextBuffer(renderer.Budget);
        var rest = text.AsSpan();
        for (var at = rest.IndexOfAny("&<>\"'"); at >= 0; at = rest.IndexOfAny("&<>\"'"))
        {
            output.Append(rest[..at]);
            output.Append(rest[at] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&#34;",
                _ => "&#39;",
            });
            rest = rest[(at + 1)..];
        }

        output.Append(rest);
        return output.ToString();
    }

    private static string? Escape(string text, int at, int length, char quote)
    {
        var c = text[at];
        if (c == quote || c == '\\') return "\\" + c;
        if (c is >= ' ' and < '\x7f') return null;
        switch (c)
        {
            case '\n': return "\\n";
            case '\r': return "\\r";
            case '\t': return "\\t";
        }

        if (length == 1 && char.IsSurrogate(c)) return Code(c, "u", 4);
        var rune = Rune.GetRuneAt(text, at);
        if (IsPrintable(rune)) return null;
        return rune.Value <= 0xFF ? Code(c, "x", 2) : length == 1 ? Code(c, "u", 4) : Code(rune.Value, "U", 8);
    }

    /// <summary>Python's <c>str.isprintable</c> for one character.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    private static string Code(int code, string letter, int digits) =>
        $"\\{letter}{code.ToString("x" + digits, CultureInfo.InvariantCulture)}";
}
