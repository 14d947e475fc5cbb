using System.Text;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Text of every kind that splitting rules tell apart, from a seed.</summary>
internal sealed class RandomText(int seed)
{
    private static readonly string[] _parts =
    [
        " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "\u0085", "'s", "'S",
        "'re", "'LL", "'", "''", "'ſ", "'k", "I've", "don't", "CamelCase", "HTTPServer", "iPhone", "snake_case",
        "über", "ÉCOLE", "ΑΒγ", "Привет", "日本語", "漢字", "한국어", "สวัสดี", "हिन्दी", "العربية", "e\u0301",
        "\u0301", "ǅ", "ʰ", "ª", "12", "1234567", "٣٤", "½", "Ⅷ", "³", "①", ".", "...", "!?", "/", "//", "--",
        "=", "~", "$5", "_", "`", "😀", "👩‍👩‍👧", "🇩🇪", "𝒜𝒷", "𐐀𐐨", "𠀀", "\u200B", "\u0000", "\uFFFD", "<|x|>",
        "▁",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A text of up to <paramref name="partsMax"/> parts.</summary>
    /// <param name="partsMax">At least one.</param>
    /// <param name="isBasicPlane">No surrogates, nor letters that fold to ASCII ones, on which engines differ.</param>
    public string Next(int partsMax = 12, bool isBasicPlane = false)
    {
        var text = new StringBuilder();
        for (var count = _random.Next(partsMax + 1); count > 0; count--) text.Append(Part());
        return isBasicPlane
            ? string.Concat(text.ToString().Where(c => !char.IsSurrogate(c) && c is not ('ſ' or '\u212A' or '\u0130')))
            : text.ToString();
    }

    private string Part() => _random.Next(10) switch
    {
        0 => new string((char)_random.Next('a', 'z' + 1), _random.Next(1, 6)),
        1 => ((char)_random.Next(0x20, 0x500)).ToString(),
        2 => ((char)_random.Next(0x500, 0xD800)).ToString(),
        3 => char.ConvertFromUtf32(_random.Next(0x10000, 0x30000)),
        _ => _parts[_random.Next(_parts.Length)],
    };
}
