using System.Globalization;

namespace Minka.Models.Tokenization.Patterns;

/// <summary>The sets that regular expressions call by name.</summary>
/// <remarks>Meanings are Oniguruma's with UTF-8, which Hugging Face <c>tokenizers</c> uses.</remarks>
internal static class CharSets
{
    // .NET numbers its categories in this order.
    private static readonly string[] ShortNames = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No",
        "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
        "Cn"];

    /// <summary>White_Space.</summary>
    public static readonly CharSet Space = Of([(9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680),
        (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]);

    /// <summary>Decimal digits.</summary>
    public static readonly CharSet Digit = Of([], UnicodeCategory.DecimalDigitNumber);

    /// <summary>Letters, marks, numbers, connectors, and the letters in circles and squares.</summary>
    public static readonly CharSet Word = Of(
        [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)],
        [.. Categories("L"), .. Categories("M"), .. Categories("N"), UnicodeCategory.ConnectorPunctuation]);

    /// <summary>The same with joiners and without circled and other numbers: a word by Unicode's UTS 18.</summary>
    public static readonly CharSet PlainWord = Of(
        [(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)],
        [.. Categories("L"), .. Categories("M"), .. Categories("Nd"), .. Categories("Nl"), .. Categories("Pc")]);

    /// <summary>Everything but a line feed.</summary>
    public static readonly CharSet NotLineFeed = Of([('\n', '\n')]).Complement();

    /// <summary>Everything.</summary>
    public static readonly CharSet Any = Of([]).Complement();

    /// <summary>Hexadecimal digits.</summary>
    public static readonly CharSet HexDigit = Of([('0', '9'), ('A', 'F'), ('a', 'f')]);

    // Script ranges: Unicode Character Database, Scripts.txt.
    private static readonly Dictionary<string, CharSet> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Han"] = Of([(0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007),
            (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9),
            (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF1), (0x20000, 0x2A6DF), (0x2A700, 0x2B739), (0x2B740, 0x2B81D),
            (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D), (0x2F800, 0x2FA1D), (0x30000, 0x3134A),
            (0x31350, 0x323AF)]),
        ["Hiragana"] = Of([(0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F), (0x1B132, 0x1B132),
            (0x1B150, 0x1B152), (0x1F200, 0x1F200)]),
        ["Katakana"] = Of([(0x30A1, 0x30FA), (0x30FD, 0x30FF), (0x31F0, 0x31FF), (0x32D0, 0x32FE), (0x3300, 0x3357),
            (0xFF66, 0xFF6F), (0xFF71, 0xFF9D), (0x1AFF0, 0x1AFF3), (0x1AFF5, 0x1AFFB), (0x1AFFD, 0x1AFFE),
            (0x1B000, 0x1B000), (0x1B120, 0x1B122), (0x1B155, 0x1B155), (0x1B164, 0x1B167)]),
        ["Hangul"] = Of([(0x1100, 0x11FF), (0x302E, 0x302F), (0x3131, 0x318E), (0x3200, 0x321E), (0x3260, 0x327E),
            (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB), (0xFFA0, 0xFFBE), (0xFFC2, 0xFFC7),
            (0xFFCA, 0xFFCF), (0xFFD2, 0xFFD7), (0xFFDA, 0xFFDC)]),
        ["Letter"] = Of([], Categories("L")),
        ["Mark"] = Of([], Categories("M")),
        ["Number"] = Of([], Categories("N")),
        ["Punctuation"] = Of([], Categories("P")),
        ["Symbol"] = Of([], Categories("S")),
        ["Separator"] = Of([], Categories("Z")),
        ["Space"] = Space,
        ["Digit"] = Digit,
        ["Word"] = Word,
    };

    /// <summary>Finds <c>\p{name}</c>: a general category (<c>L</c>, <c>Lu</c>, …), a script, or a long name.</summary>
    public static CharSet? Find(string name)
    {
        if (Named.TryGetValue(name, out var named)) return named;
        var categories = Categories(name);
        return categories.Length == 0 ? null : Of([], categories);
    }

    /// <summary>What is not in a set.</summary>
    public static CharSet Complement(this CharSet set)
    {
        var builder = new CharSet.Builder();
        builder.Members.Add(set);
        return builder.Build(negated: true);
    }

    private static CharSet Of((int First, int Last)[] ranges, params UnicodeCategory[] categories)
    {
        var builder = new CharSet.Builder();
        builder.Ranges.AddRange(ranges);
        foreach (var category in categories) builder.Categories |= 1u << (int)category;
        return builder.Build(negated: false);
    }

    private static UnicodeCategory[] Categories(string name) => [.. Enumerable.Range(0, 30)
        .Where(i => ShortNames[i] == name || (name.Length == 1 && ShortNames[i][0] == name[0]))
        .Select(i => (UnicodeCategory)i)];
}
