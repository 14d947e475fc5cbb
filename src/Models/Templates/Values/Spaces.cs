namespace Minka.Models.Templates.Values;

/// <summary>What Python counts as white space.</summary>
internal static class Spaces
{
    /// <summary>Whether <c>str.isspace</c> holds for the character.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>The first index from <paramref name="start"/> that is no space, or the length.</summary>
    public static int Skip(string text, int start)
    {
        while (start < text.Length && IsSpace(text[start])) start++;
        return Math.Min(start, text.Length);
    }

    /// <summary>The text without the spaces at its end.</summary>
    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    /// <summary>The text without the spaces at its start.</summary>
    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }
}
