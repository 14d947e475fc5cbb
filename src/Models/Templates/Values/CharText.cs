using System.Globalization;
using System.Text;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Case and kinds of characters, as Python's string methods see them.</summary>
internal static class CharText
{
    /// <summary>Python's <c>upper</c>. Of the characters that become several, only ß does.</summary>
    public static string Upper(string text) =>
        text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    /// <summary>Python's <c>lower</c>.</summary>
    public static string Lower(string text) => text.ToLowerInvariant();

    /// <summary>Python's <c>casefold</c>, as far as it differs from <see cref="Lower"/> by ß.</summary>
    public static string Fold(string text) => Lower(text).Replace("ß", "ss", StringComparison.Ordinal);

    /// <summary>Python's <c>capitalize</c>.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0) return text;
        var first = CodePoints.LengthAt(text, 0);
        return TitleFirst(text[..first]) + Lower(text[first..]);
    }

    /// <summary>Python's <c>title</c>: a letter after something else than a letter is upper case.</summary>
    public static string Title(string text)
    {
        var isInWord = false;
        return Map(text, rune =>
        {
            var mapped = isInWord ? Rune.ToLowerInvariant(rune).ToString() : TitleFirst(rune.ToString());
            isInWord = IsCasedLetter(rune);
            return mapped;
        });
    }

    /// <summary>Python's <c>swapcase</c>.</summary>
    public static string SwapCase(string text) => Map(text, rune =>
        Rune.IsUpper(rune) ? Rune.ToLowerInvariant(rune).ToString() : Upper(rune.ToString()));

    /// <summary>Python's <c>islower</c> and <c>isupper</c>.</summary>
    public static bool IsCased(Renderer renderer, string text, bool isUpper)
    {
        renderer.Budget.Scan(text.Length);
        var hasCase = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsCasedLetter(rune)) continue;
            if (Rune.IsUpper(rune) != isUpper || Rune.IsLower(rune) == isUpper) return false;
            hasCase = true;
        }

        return hasCase;
    }

    /// <summary>Python's <c>istitle</c>.</summary>
    public static bool IsTitle(string text)
    {
        var (isInWord, hasCase) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isCased = IsCasedLetter(rune);
            if (isCased && Rune.IsLower(rune) != isInWord) return false;
            hasCase |= isCased;
            isInWord = isCased;
        }

        return hasCase;
    }

    /// <summary>Whether a text is not empty and all its characters are of a kind.</summary>
    public static bool IsAll(string text, Func<Rune, bool> isKind)
    {
        foreach (var rune in text.EnumerateRunes())
            if (!isKind(rune)) return false;
        return text.Length > 0;
    }

    /// <summary>Python's <c>isdecimal</c> for one character.</summary>
    public static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>Python's <c>isdigit</c> for one character.</summary>
    public static bool IsDigit(Rune rune) => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    /// <summary>Python's <c>isnumeric</c> for one character.</summary>
    public static bool IsNumeric(Rune rune) => Rune.GetNumericValue(rune) != -1;

    /// <summary>Python's <c>isalnum</c> for one character.</summary>
    public static bool IsAlphanumeric(Rune rune) => Rune.IsLetter(rune) || IsNumeric(rune) || IsDecimal(rune);

    private static bool IsCasedLetter(Rune rune) => Rune.IsUpper(rune) || Rune.IsLower(rune)
        || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    private static string TitleFirst(string character) => character == "ß" ? "Ss" : Upper(character);

    private static string Map(string text, Func<Rune, string> map)
    {
        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) mapped.Append(map(rune));
        return mapped.ToString();
    }
}
