using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>What stands at the start and end of text, as Python's methods see it.</summary>
internal static class TextEdges
{
    private const int FewChars = 16;

    /// <summary>Python's <c>strip</c>, <c>lstrip</c>, <c>rstrip</c>; null strips spaces.</summary>
    public static StringValue Strip(Renderer renderer, StringValue value, string? chars, bool atStart, bool atEnd)
    {
        renderer.Budget.MakeText(value.Text.Length + (long)(chars?.Length ?? 0));
        if (chars is not null && chars.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return value.Like(StripCodes(value.Text, chars, atStart, atEnd));

        if (chars?.Length > FewChars) renderer.Budget.MakeItems(chars.Length);
        var rest = value.Text.AsSpan();
        var set = chars is null || chars.Length <= FewChars ? null : chars.ToHashSet();
        if (atStart) rest = rest[Count(rest, chars, set, fromEnd: false)..];
        if (atEnd) rest = rest[..^Count(rest, chars, set, fromEnd: true)];
        return rest.Length == value.Text.Length ? value : value.Like(rest.ToString());
    }

    /// <summary>Python's <c>startswith</c> and <c>endswith</c>, for one text or a tuple of them.</summary>
    public static bool HasEdge(Renderer renderer, ReadOnlySpan<char> text, TemplateValue edges, bool atEnd)
    {
        if (edges is StringValue edge)
        {
            renderer.Budget.Scan(edge.Text.Length);
            return atEnd
                ? text.EndsWith(edge.Text, StringComparison.Ordinal)
                : text.StartsWith(edge.Text, StringComparison.Ordinal);
        }

        if (edges is not TupleValue tuple)
            throw TemplateException.Of($"a text starts or ends with a string or a tuple, not a {edges.TypeName}.");
        for (var i = 0; i < tuple.Count; i++)
        {
            renderer.Budget.Step();
            if (tuple[i] is not StringValue)
                throw TemplateException.Of($"a text starts or ends with strings, not a {tuple[i].TypeName}.");
            if (HasEdge(renderer, text, tuple[i], atEnd)) return true;
        }

        return false;
    }

    private static int Count(ReadOnlySpan<char> text, string? chars, HashSet<char>? set, bool fromEnd)
    {
        var count = 0;
        while (count < text.Length)
        {
            var c = fromEnd ? text[^(count + 1)] : text[count];
            var isStripped = chars is null ? Spaces.IsSpace(c) : set?.Contains(c) ?? chars.Contains(c);
            if (!isStripped) break;
            count++;
        }

        return count;
    }

    private static string StripCodes(string text, string chars, bool atStart, bool atEnd)
    {
        var set = CodePoints.Split(chars).ToHashSet();
        IEnumerable<int> codes = CodePoints.Split(text);
        if (atStart) codes = codes.SkipWhile(set.Contains);
        if (atEnd) codes = codes.Reverse().SkipWhile(set.Contains).Reverse();
        return CodePoints.Join(codes);
    }
}
