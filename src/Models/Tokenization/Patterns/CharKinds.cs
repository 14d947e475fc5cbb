using System.Globalization;
using System.Runtime.CompilerServices;

namespace Minka.Models.Tokenization.Patterns;

/// <summary>What a code point is, as far as tokenizers ask.</summary>
[Flags]
internal enum CharKind : byte
{
    /// <summary>Punctuation, symbols, controls, unassigned: none of the kinds below.</summary>
    Other = 0,

    /// <summary><c>\p{L}</c></summary>
    Letter = 1,

    /// <summary><c>\p{N}</c></summary>
    Number = 2,

    /// <summary><c>\s</c>: White_Space.</summary>
    Space = 4,

    /// <summary><c>\p{M}</c></summary>
    Mark = 8,

    /// <summary><c>\r</c> or <c>\n</c>; also a space.</summary>
    LineEnd = 16,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>: may stand in the upper-case part of a word.</summary>
    Upper = 32,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>: may stand in the lower-case part of a word.</summary>
    Lower = 64,
}

/// <summary>Kinds of code points in UTF-16 text; a lone surrogate is <see cref="CharKind.Other"/>.</summary>
internal static class CharKinds
{
    private static readonly byte[] BasicPlane = Enumerable.Range(0, 0x10000).Select(c => (byte)Compute(c)).ToArray();

    /// <summary>Kind of a code point.</summary>
    public static CharKind Of(int codePoint) =>
        codePoint < 0x10000 ? (CharKind)BasicPlane[codePoint] : Compute(codePoint);

    /// <summary>Kind of the code point at <paramref name="index"/>; 0 past the end, with a width of 0.</summary>
    /// <param name="text">UTF-16.</param>
    /// <param name="index">Where the code point begins.</param>
    /// <param name="width">UTF-16 units it takes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CharKind At(ReadOnlySpan<char> text, int index, out int width)
    {
        if ((uint)index >= (uint)text.Length)
        {
            width = 0;
            return CharKind.Other;
        }
        var unit = text[index];
        if (!char.IsSurrogate(unit))
        {
            width = 1;
            return (CharKind)BasicPlane[unit];
        }
        return Of(CodePointAt(text, index, out width));
    }

    /// <summary>The code point at <paramref name="index"/>; a lone surrogate is returned as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CodePointAt(ReadOnlySpan<char> text, int index, out int width)
    {
        var unit = text[index];
        if (char.IsHighSurrogate(unit) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            width = 2;
            return char.ConvertToUtf32(unit, text[index + 1]);
        }
        width = 1;
        return unit;
    }

    /// <summary>Where the code point that ends at <paramref name="index"/> begins.</summary>
    public static int Before(ReadOnlySpan<char> text, int index) =>
        index >= 2 && char.IsLowSurrogate(text[index - 1]) && char.IsHighSurrogate(text[index - 2])
            ? index - 2
            : index - 1;

    /// <summary>White_Space of Unicode.</summary>
    public static bool IsSpace(int codePoint) => (Of(codePoint) & CharKind.Space) != 0;

    private static CharKind Compute(int codePoint)
    {
        if (codePoint is '\r' or '\n') return CharKind.Space | CharKind.LineEnd;
        if (codePoint is (>= '\t' and <= '\f') or 0x85) return CharKind.Space;

        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharKind.Letter | CharKind.Upper,
            UnicodeCategory.LowercaseLetter => CharKind.Letter | CharKind.Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter =>
                CharKind.Letter | CharKind.Upper | CharKind.Lower,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
                CharKind.Mark | CharKind.Upper | CharKind.Lower,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                CharKind.Number,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator =>
                CharKind.Space,
            _ => CharKind.Other,
        };
    }
}
