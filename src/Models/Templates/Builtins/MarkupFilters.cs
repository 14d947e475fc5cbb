using System.Buffers;
using System.Net;
using System.Text;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters that write JSON, HTML and URLs.</summary>
internal static class MarkupFilters
{
    private static readonly SearchValues<char> _notInNames = SearchValues.Create(" \t\n\r\f\v/>=");

    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        Filter.Of("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"], (renderer, value, a) =>
            new StringValue(JsonText.Write(renderer, value, a))),
        Filter.Of("safe", (renderer, value) => new StringValue(value.ToText(renderer), isSafe: true)),
        Filter.Of("escape", Escape),
        Filter.Of("e", Escape),
        Filter.Of("forceescape", (renderer, value) =>
            new StringValue(StringText.EscapeHtml(renderer, value.ToText(renderer)), isSafe: true)),
        Filter.Of("striptags", StripTags),
        Filter.Of("xmlattr", ["autospace"], WriteAttributes),
        Filter.Of("urlencode", EncodeUrl),
    ];

    private static StringValue Escape(Renderer renderer, TemplateValue value) =>
        value is StringValue { IsSafe: true } safe
        ? safe
        : new StringValue(StringText.EscapeHtml(renderer, value.ToText(renderer)), isSafe: true);

    private static StringValue StripTags(Renderer renderer, TemplateValue value)
    {
        var text = value.ToText(renderer);
        renderer.Budget.MakeText(4L * text.Length);
        var bare = Cut(Cut(text, "<!--", "-->"), "<", ">");
        return new StringValue(WebUtility.HtmlDecode(
            string.Join(' ', TextEdits.SplitAtSpaces(renderer, bare, int.MaxValue, fromEnd: false))));
    }

    private static string Cut(string text, string open, string close)
    {
        var kept = new StringBuilder(text.Length);
        var at = 0;
        while (true)
        {
            var start = text.IndexOf(open, at, StringComparison.Ordinal);
            var end = start < 0 ? -1 : text.IndexOf(close, start, StringComparison.Ordinal);
            if (end < 0) return kept.Append(text, at, text.Length - at).ToString();
            kept.Append(text, at, start - at);
            at = end + close.Length;
        }
    }

    private static StringValue WriteAttributes(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        if (value is not DictValue map)
            throw TemplateException.Of($"'xmlattr' needs a mapping; it got a {value.TypeName}.");
        var output = new TextBuffer(renderer.Budget);
        var isFirst = !a.Flag(0, otherwise: true);
        foreach (var (key, item) in map.Entries)
        {
            renderer.Budget.Step();
            if (item is NoneValue or UndefinedValue) continue;
            var name = key.ToText(renderer);
            if (name.AsSpan().ContainsAny(_notInNames))
                throw TemplateException.Of($"'{name}' cannot be the name of an attribute.");
            if (!isFirst) output.Append(' ');
            isFirst = false;
            output.Append($"{StringText.EscapeHtml(renderer, name)}=\"{Escape(renderer, item).Text}\"");
        }

        return new StringValue(output.ToString(), renderer.Escapes);
    }

    private static StringValue EncodeUrl(Renderer renderer, TemplateValue value)
    {
        if (value is StringValue || value.Iterate() is not { } items)
            return new StringValue(Quote(renderer, value.ToText(renderer), isQuery: false));

        var output = new TextBuffer(renderer.Budget);
        var isFirst = true;
        foreach (var item in value is DictValue map ? DictViewValue.Pairs(map) : items)
        {
            renderer.Budget.Step();
            if (item is not SequenceValue { Count: 2 } pair)
                throw TemplateException.Of("'urlencode' needs a string, a mapping or a list of pairs.");
            if (!isFirst) output.Append('&');
            isFirst = false;
            output.Append(Quote(renderer, pair[0].ToText(renderer), isQuery: true));
            output.Append('=');
            output.Append(Quote(renderer, pair[1].ToText(renderer), isQuery: true));
        }

        return new StringValue(output.ToString());
    }

    private static string Quote(Renderer renderer, string text, bool isQuery)
    {
        renderer.Budget.MakeText(9L * text.Length);
        var quoted = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)octet;
            if (char.IsAsciiLetterOrDigit(c) || "_.-~".Contains(c) || (c == '/' && !isQuery)) quoted.Append(c);
            else if (c == ' ' && isQuery) quoted.Append('+');
            else quoted.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return quoted.ToString();
    }
}
