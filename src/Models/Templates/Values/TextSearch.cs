using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Finds a text in another in time linear in both, whatever they are.</summary>
internal static class TextSearch
{
    /// <summary>
    /// The platform's search is the fastest for short patterns but compares a long one at every place; past this
    /// length Knuth, Morris and Pratt take over.
    /// </summary>
    private const int ShortPattern = 64;

    /// <summary>Index in UTF-16 units of the first <paramref name="pattern"/>, or -1.</summary>
    public static int IndexOf(Renderer renderer, ReadOnlySpan<char> text, ReadOnlySpan<char> pattern)
    {
        renderer.Budget.Scan(text.Length + (long)pattern.Length);
        if (pattern.Length > text.Length) return -1;
        if (pattern.Length <= ShortPattern) return text.IndexOf(pattern, StringComparison.Ordinal);

        renderer.Budget.MakeItems(pattern.Length / 8);
        return IndexOf(text, pattern, MakeFallbacks(pattern));
    }

    /// <summary>Index of the last <paramref name="pattern"/>, or -1.</summary>
    public static int LastIndexOf(Renderer renderer, ReadOnlySpan<char> text, ReadOnlySpan<char> pattern)
    {
        renderer.Budget.Scan(text.Length + (long)pattern.Length);
        if (pattern.Length > text.Length) return -1;
        if (pattern.Length <= ShortPattern) return text.LastIndexOf(pattern, StringComparison.Ordinal);

        renderer.Budget.MakeText(text.Length + (long)pattern.Length);
        var (backwards, needle) = (text.ToArray(), pattern.ToArray());
        backwards.AsSpan().Reverse();
        needle.AsSpan().Reverse();
        var at = IndexOf(renderer, backwards, needle);
        return at < 0 ? -1 : text.Length - pattern.Length - at;
    }

    /// <summary>All places of a pattern that is not empty, without overlaps, at most <paramref name="countMax"/>.
    /// </summary>
    public static List<int> FindAll(Renderer renderer, string text, string pattern, int countMax = int.MaxValue)
    {
        renderer.Budget.Scan(text.Length + (long)pattern.Length);
        var isLong = pattern.Length > ShortPattern;
        if (isLong) renderer.Budget.MakeItems(pattern.Length / 8);
        var fallbacks = isLong ? MakeFallbacks(pattern) : [];

        var found = new List<int>();
        for (var start = 0; found.Count < countMax;)
        {
            var rest = text.AsSpan(start);
            var at = isLong ? IndexOf(rest, pattern, fallbacks) : rest.IndexOf(pattern, StringComparison.Ordinal);
            if (at < 0) break;
            renderer.Budget.MakeItems(1);
            found.Add(start + at);
            start += at + pattern.Length;
        }

        return found;
    }

    /// <summary>For each prefix of the pattern: how long its longest proper end is that the pattern starts with.
    /// </summary>
    private static int[] MakeFallbacks(ReadOnlySpan<char> pattern)
    {
        var fallbacks = new int[pattern.Length];
        for (int i = 1, matched = 0; i < pattern.Length; i++)
        {
            while (matched > 0 && pattern[i] != pattern[matched]) matched = fallbacks[matched - 1];
            if (pattern[i] == pattern[matched]) matched++;
            fallbacks[i] = matched;
        }

        return fallbacks;
    }

    private static int IndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> pattern, int[] fallbacks)
    {
        var matched = 0;
        for (var i = 0; i < text.Length; i++)
        {
            while (matched > 0 && text[i] != pattern[matched]) matched = fallbacks[matched - 1];
            if (text[i] == pattern[matched]) matched++;
            if (matched == pattern.Length) return i - matched + 1;
        }

        return -1;
    }
}
