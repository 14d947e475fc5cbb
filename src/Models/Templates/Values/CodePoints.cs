using System.Text;

namespace Minka.Models.Templates.Values;

/// <summary>Indexes into text by characters of Unicode, as Python counts them.</summary>
internal static class CodePoints
{
    /// <summary>How many characters a text has.</summary>
    public static int Count(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAnyInRange('\uD800', '\uDBFF');
        if (at < 0) return text.Length;
        var pairs = 0;
        for (; at + 1 < text.Length; at++)
        {
            if (!char.IsSurrogatePair(text[at], text[at + 1])) continue;
            pairs++;
            at++;
        }

        return text.Length - pairs;
    }

    /// <summary>UTF-16 units of the character at <paramref name="at"/>: 1 or 2.</summary>
    public static int LengthAt(ReadOnlySpan<char> text, int at) =>
        at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    /// <summary>Index in UTF-16 units of the character number <paramref name="index"/>.</summary>
    public static int Offset(ReadOnlySpan<char> text, int index)
    {
        if (!text.ContainsAnyInRange('\uD800', '\uDBFF')) return Math.Min(index, text.Length);
        var at = 0;
        while (index-- > 0 && at < text.Length) at += LengthAt(text, at);
        return at;
    }

    /// <summary><paramref name="count"/> characters from the character number <paramref name="start"/> on.</summary>
    public static string Slice(string text, int start, int count)
    {
        var begin = Offset(text, start);
        return text.Substring(begin, Offset(text.AsSpan(begin), count));
    }

    /// <summary>The characters as integers; a half surrogate pair is one of them.</summary>
    public static int[] Split(string text)
    {
        var codes = new int[Count(text)];
        for (int at = 0, next = 0; at < text.Length; next++)
        {
            var length = LengthAt(text, at);
            codes[next] = length == 2 ? char.ConvertToUtf32(text[at], text[at + 1]) : text[at];
            at += length;
        }

        return codes;
    }

    /// <summary>The text of characters.</summary>
    public static string Join(IEnumerable<int> codes)
    {
        var text = new StringBuilder();
        foreach (var code in codes)
        {
            if (code <= 0xFFFF) text.Append((char)code);
            else text.Append(char.ConvertFromUtf32(code));
        }

        return text.ToString();
    }

    /// <summary>Order by characters; UTF-16 units alone would put 😀 before ﬀ.</summary>
    public static int Compare(string a, string b)
    {
        var same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length) return a.Length.CompareTo(b.Length);
        var (x, y) = (a[same], b[same]);
        var isSurrogate = char.IsSurrogate(x);
        return isSurrogate == char.IsSurrogate(y) ? x.CompareTo(y) : isSurrogate ? 1 : -1;
    }
}
