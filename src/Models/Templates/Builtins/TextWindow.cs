using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Searches within <c>[start, end)</c> of a text, as <c>find(sub, start, end)</c> does.</summary>
internal static class TextWindow
{
    /// <summary>The window in UTF-16 units; its start lies past its end where Python finds nothing at all.</summary>
    public static (int Start, int End) Of(string text, TemplateValue? start, TemplateValue? end)
    {
        if (start is null && end is null) return (0, text.Length);
        var count = CodePoints.Count(text);
        var first = start is null ? 0 : Numbers.Clamp(start, "the start of a search");
        var last = end is null ? count : Numbers.Clamp(end, "the end of a search");
        if (first < 0) first = Math.Max(first + count, 0);
        if (last < 0) last = Math.Max(last + count, 0);
        last = Math.Min(last, count);
        return first > last ? (1, 0) : (CodePoints.Offset(text, first), CodePoints.Offset(text, last));
    }

    /// <summary>Index of the text of argument 0, in characters; -1 where it is not.</summary>
    public static int Find(Renderer renderer, StringValue owner, BoundArguments a, bool fromEnd)
    {
        var (start, end) = Of(owner.Text, a.Given(1), a.Given(2));
        if (start > end) return -1;
        var window = owner.Text.AsSpan(start, end - start);
        var at = fromEnd
            ? TextSearch.LastIndexOf(renderer, window, a.Text(0))
            : TextSearch.IndexOf(renderer, window, a.Text(0));
        return at < 0 ? -1 : CodePoints.Count(owner.Text.AsSpan(0, start + at));
    }

    /// <summary>How often the text of argument 0 occurs without overlaps.</summary>
    public static int Count(Renderer renderer, StringValue owner, BoundArguments a)
    {
        var (start, end) = Of(owner.Text, a.Given(1), a.Given(2));
        if (start > end) return 0;
        var window = owner.Text[start..end];
        renderer.Budget.MakeText(window.Length);
        var part = a.Text(0);
        return part.Length == 0 ? CodePoints.Count(window) + 1 : TextSearch.FindAll(renderer, window, part).Count;
    }
}
