using System.Buffers;
using System.Text;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Replacing in text and cutting it up, as Python's methods do.</summary>
internal static class TextEdits
{
    private static readonly SearchValues<char> _lineEnds =
        SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029");

    /// <summary>Python's <c>replace</c>; a negative count replaces all.</summary>
    public static string Replace(Renderer renderer, string text, string old, string replacement, int count = -1)
    {
        var countMax = count < 0 ? int.MaxValue : count;
        var places = old.Length == 0
            ? Gaps(renderer, text, countMax)
            : TextSearch.FindAll(renderer, text, old, countMax);
        if (places.Count == 0) return text;

        renderer.Budget.MakeText(text.Length + ((long)places.Count * (replacement.Length - old.Length)));
        var replaced = new StringBuilder();
        var start = 0;
        foreach (var place in places)
        {
            replaced.Append(text, start, place - start).Append(replacement);
            start = place + old.Length;
        }

        return replaced.Append(text, start, text.Length - start).ToString();
    }

    /// <summary>Python's <c>split</c> and <c>rsplit</c> at a separator.</summary>
    public static List<string> Split(Renderer renderer, string text, string separator, int countMax, bool fromEnd)
    {
        if (separator.Length == 0) throw TemplateException.Of("a text cannot be split at nothing; give a separator.");
        var places = fromEnd
            ? FindFromEnd(renderer, text, separator, countMax)
            : TextSearch.FindAll(renderer, text, separator, countMax);
        renderer.Budget.MakeText(text.Length);
        var parts = new List<string>(places.Count + 1);
        var start = 0;
        foreach (var place in places)
        {
            parts.Add(text[start..place]);
            start = place + separator.Length;
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Python's <c>split</c> and <c>rsplit</c> at runs of spaces.</summary>
    public static List<string> SplitAtSpaces(Renderer renderer, string text, int countMax, bool fromEnd)
    {
        renderer.Budget.MakeText(text.Length);
        var parts = new List<string>();
        var rest = text.AsSpan();
        while (true)
        {
            rest = fromEnd ? Spaces.TrimEnd(rest) : Spaces.TrimStart(rest);
            if (rest.IsEmpty) break;
            renderer.Budget.MakeItems(1);
            if (parts.Count >= countMax)
            {
                parts.Add(rest.ToString());
                break;
            }

            var length = WordLength(rest, fromEnd);
            parts.Add((fromEnd ? rest[^length..] : rest[..length]).ToString());
            rest = fromEnd ? rest[..^length] : rest[length..];
        }

        if (fromEnd) parts.Reverse();
        return parts;
    }

    /// <summary>Python's <c>splitlines</c>.</summary>
    public static List<string> SplitLines(Renderer renderer, string text, bool keepsEnds)
    {
        renderer.Budget.MakeText(text.Length);
        var lines = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            renderer.Budget.MakeItems(1);
            var length = text.AsSpan(start).IndexOfAny(_lineEnds);
            if (length < 0)
            {
                lines.Add(text[start..]);
                break;
            }

            var end = start + length;
            var next = end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            lines.Add(text[start..(keepsEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    private static int WordLength(ReadOnlySpan<char> text, bool fromEnd)
    {
        var length = 0;
        while (length < text.Length && !Spaces.IsSpace(fromEnd ? text[^(length + 1)] : text[length])) length++;
        return length;
    }

    /// <summary>The places before, between and after all characters.</summary>
    private static List<int> Gaps(Renderer renderer, string text, int countMax)
    {
        var places = new List<int>();
        for (var at = 0; at <= text.Length && places.Count < countMax; at += CodePoints.LengthAt(text, at))
        {
            renderer.Budget.MakeItems(1);
            places.Add(at);
        }

        return places;
    }

    private static List<int> FindFromEnd(Renderer renderer, string text, string separator, int countMax)
    {
        renderer.Budget.MakeText(2L * text.Length);
        var places = TextSearch.FindAll(renderer, Reverse(text), Reverse(separator), countMax);
        places.Reverse();
        return places.ConvertAll(place => text.Length - place - separator.Length);
    }

    private static string Reverse(string text)
    {
        var reversed = text.ToCharArray();
        Array.Reverse(reversed);
        return new string(reversed);
    }
}
