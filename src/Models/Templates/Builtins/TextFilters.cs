using System.Text;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters that make text of text.</summary>
internal static class TextFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        Filter.Of("upper", (renderer, value) => Map(renderer, value, CharText.Upper)),
        Filter.Of("lower", (renderer, value) => Map(renderer, value, CharText.Lower)),
        Filter.Of("capitalize", (renderer, value) => Map(renderer, value, CharText.Capitalize)),
        Filter.Of("title", (renderer, value) => Map(renderer, value, Title)),
        Filter.Of("string", Soft),
        Filter.Of("trim", ["chars"], (renderer, value, a) =>
            TextEdges.Strip(renderer, Soft(renderer, value), a.OptionalText(0), atStart: true, atEnd: true)),
        Filter.Of("replace", ["old", "new", "count"], Replace),
        Filter.Of("center", ["width"], (renderer, value, a) =>
            TextLayout.Pad(renderer, Soft(renderer, value), a.Integer(0, 80), " ", TextLayout.Side.Both)),
        Filter.Of("indent", ["width", "first", "blank"], Indent),
        Filter.Of("truncate", ["length", "killwords", "end", "leeway"], Truncate),
        Filter.Of("wordcount", (renderer, value) => CountWords(renderer, value.ToText(renderer))),
        new Filter("format", Format),
    ];

    /// <summary>The value as a string; a string as it is.</summary>
    public static StringValue Soft(Renderer renderer, TemplateValue value) =>
        value as StringValue ?? new StringValue(value.ToText(renderer));

    private static StringValue Map(Renderer renderer, TemplateValue value, Func<string, string> map)
    {
        var text = Soft(renderer, value);
        renderer.Budget.MakeText(2L * text.Text.Length);
        return text.Like(map(text.Text));
    }

    /// <summary>Every word with a capital; words are what spaces, <c>-</c> and opening brackets separate.</summary>
    private static string Title(string text)
    {
        var titled = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = at + 1;
            var isSeparator = IsSeparator(text[at]);
            while (end < text.Length && IsSeparator(text[end]) == isSeparator) end++;
            var first = CodePoints.LengthAt(text, at);
            titled.Append(CharText.Upper(text.Substring(at, first))).Append(CharText.Lower(text[(at + first)..end]));
            at = end;
        }

        return titled.ToString();

        static bool IsSeparator(char c) => Spaces.IsSpace(c) || "-({[<".Contains(c);
    }

    private static StringValue Replace(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var old = a.Required(0).ToText(renderer);
        var replacement = a.Required(1).ToText(renderer);
        var count = a.Given(2) is null ? -1 : a.Integer(2, -1);
        return new StringValue(TextEdits.Replace(renderer, value.ToText(renderer), old, replacement, count));
    }

    private static StringValue Indent(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        if (value is not StringValue text)
            throw TemplateException.Of($"'indent' needs a string; it got a {value.TypeName}.");
        var isText = a[0] is StringValue;
        var width = isText ? 0 : Math.Max(a.Integer(0, 4), 0);
        renderer.Budget.MakeText(width);
        var indent = isText ? a.Text(0) : new string(' ', width);
        var (indentsFirst, indentsBlank) = (a.Flag(1), a.Flag(2));

        var output = new TextBuffer(renderer.Budget);
        var lines = TextEdits.SplitLines(renderer, text.Text + "\n", keepsEnds: false);
        for (var i = 0; i < lines.Count; i++)
        {
            renderer.Budget.Step();
            if (i > 0) output.Append('\n');
            if (i == 0 ? indentsFirst : indentsBlank || lines[i].Length > 0) output.Append(indent);
            output.Append(lines[i]);
        }

        return text.Like(output.ToString());
    }

    private static TemplateValue Truncate(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        if (value is not StringValue text)
            throw TemplateException.Of($"'truncate' needs a string; it got a {value.TypeName}.");
        var end = a.OptionalText(2) ?? "...";
        var length = a.Integer(0, 255);
        var leeway = a.Given(3) is null ? 5 : a.Integer(3, 5);
        if (length < CodePoints.Count(end) || leeway < 0)
            throw TemplateException.Of($"'truncate' to {length} leaves no room for '{end}'; ask for more characters.");

        renderer.Budget.MakeText(text.Text.Length);
        if (CodePoints.Count(text.Text) <= (long)length + leeway) return value;
        var kept = CodePoints.Slice(text.Text, 0, length - CodePoints.Count(end));
        var space = a.Flag(1) ? -1 : kept.LastIndexOf(' ');
        return text.Like((space < 0 ? kept : kept[..space]) + end);
    }

    private static IntegerValue CountWords(Renderer renderer, string text)
    {
        renderer.Budget.Scan(text.Length);
        var (count, isInWord) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = rune.Value == '_' || CharText.IsAlphanumeric(rune);
            if (isWord && !isInWord) count++;
            isInWord = isWord;
        }

        return IntegerValue.Of(count);
    }

    private static StringValue Format(Renderer renderer, TemplateValue value, CallArguments call)
    {
        if (call.Positional.Count > 0 && call.Named.Count > 0)
            throw TemplateException.Of("'format' takes arguments by place or by name, not both.");
        TemplateValue values = call.Named.Count > 0
            ? TemplateValue.From(call.Named)
            : new TupleValue([.. call.Positional]);
        return PercentFormat.Apply(renderer, Soft(renderer, value), values);
    }
}
