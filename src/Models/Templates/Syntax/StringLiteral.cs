using System.Globalization;
using System.Text;

namespace Minka.Models.Templates.Syntax;

/// <summary>Values of quoted strings, with Python's escapes.</summary>
internal static class StringLiteral
{
    /// <summary>The text that <paramref name="raw"/>, without its quotes, stands for.</summary>
    /// <exception cref="TemplateException">An escape is cut short or names no character.</exception>
    public static string Unescape(ReadOnlySpan<char> raw, int line)
    {
        if (!raw.Contains('\\')) return raw.ToString();
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            var slash = raw.IndexOf('\\');
            if (slash < 0) slash = raw.Length;
            text.Append(raw[..slash]);
            raw = raw[slash..];
            if (!raw.IsEmpty) raw = raw[AppendEscape(text, raw, line)..];
        }

        return text.ToString();
    }

    /// <summary>Appends what the escape at the start stands for; returns its length.</summary>
    private static int AppendEscape(StringBuilder text, ReadOnlySpan<char> raw, int line)
    {
        var simple = "\\'\"abfnrtv".IndexOf(raw[1]);
        if (simple >= 0)
        {
            text.Append("\\'\"\a\b\f\n\r\t\v"[simple]);
            return 2;
        }

        switch (raw[1])
        {
            case '\n': return 2;
            case 'x': return AppendCode(text, raw, 2, line);
            case 'u': return AppendCode(text, raw, 4, line);
            case 'U': return AppendCode(text, raw, 8, line);
            case 'N': throw TemplateException.At(line, "characters by name ('\\N{…}') are not known; write '\\u…'.");
            case >= '0' and <= '7': return AppendOctal(text, raw);
            case > '\x7f': return AppendForeign(text, raw);
            default:
                text.Append('\\').Append(raw[1]);
                return 2;
        }
    }

    private static int AppendCode(StringBuilder text, ReadOnlySpan<char> raw, int digits, int line)
    {
        const NumberStyles hex = NumberStyles.AllowHexSpecifier;
        if (raw.Length < 2 + digits
            || !uint.TryParse(raw.Slice(2, digits), hex, CultureInfo.InvariantCulture, out var code))
            throw TemplateException.At(line, $"the escape '\\{raw[1]}' needs {digits} hexadecimal digits after it.");
        if (code > 0x10FFFF)
            throw TemplateException.At(line, $"the escape '\\{raw[1]}' names {code:X}; characters end at 10FFFF.");

        AppendCodePoint(text, (int)code);
        return 2 + digits;
    }

    private static int AppendOctal(StringBuilder text, ReadOnlySpan<char> raw)
    {
        var (length, code) = (1, 0);
        while (length < 4 && length < raw.Length && raw[length] is >= '0' and <= '7')
            code = (code * 8) + raw[length++] - '0';
        text.Append((char)code);
        return length;
    }

    /// <summary>
    /// A backslash before a character outside of ASCII: Jinja escapes that character first, so that the backslash
    /// hides its escape, and the code remains as text.
    /// </summary>
    private static int AppendForeign(StringBuilder text, ReadOnlySpan<char> raw)
    {
        Rune.DecodeFromUtf16(raw[1..], out var rune, out var length);
        var code = length == 1 ? raw[1] : rune.Value;
        var format = code switch { <= 0xFF => "x2", <= 0xFFFF => "x4", _ => "x8" };
        var letter = format switch { "x2" => 'x', "x4" => 'u', _ => 'U' };
        text.Append('\\').Append(letter).Append(code.ToString(format, CultureInfo.InvariantCulture));
        return 1 + length;
    }

    private static void AppendCodePoint(StringBuilder text, int code)
    {
        if (code <= 0xFFFF) text.Append((char)code);
        else text.Append(char.ConvertFromUtf32(code));
    }
}
