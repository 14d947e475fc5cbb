using System.Globalization;
using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Python's <c>'{} and {name.part[0]!r:>8}'.format(…)</c>.</summary>
internal sealed class BraceFormat(Renderer renderer, CallArguments arguments, bool escapes)
{
    private int _nextIndex;
    private bool? _isNumbered;

    /// <summary>The formatted text.</summary>
    public static StringValue Apply(Renderer renderer, StringValue format, CallArguments arguments) =>
        format.Like(new BraceFormat(renderer, arguments, format.IsSafe).Format(format.Text, nesting: 0));

    private string Format(string format, int nesting)
    {
        if (nesting > 2) throw TemplateException.Of("replacement fields are nested deeper than two levels.");
        var output = new TextBuffer(renderer.Budget);
        var rest = format.AsSpan();
        while (true)
        {
            var brace = rest.IndexOfAny('{', '}');
            if (brace < 0) break;
            output.Append(rest[..brace]);
            renderer.Budget.Step();
            var isDoubled = brace + 1 < rest.Length && rest[brace + 1] == rest[brace];
            if (isDoubled)
            {
                output.Append(rest[brace]);
                rest = rest[(brace + 2)..];
                continue;
            }

            if (rest[brace] == '}') throw TemplateException.Of("a single '}' stands in a format; write '}}'.");
            var field = rest[(brace + 1)..];
            var end = FindEnd(field);
            output.Append(Field(field[..end].ToString(), nesting));
            rest = field[(end + 1)..];
        }

        output.Append(rest);
        return output.ToString();
    }

    private static int FindEnd(ReadOnlySpan<char> field)
    {
        var depth = 1;
        for (var at = 0; at < field.Length; at++)
        {
            if (field[at] == '{') depth++;
            else if (field[at] == '}' && --depth == 0) return at;
        }

        throw TemplateException.Of("a '{' in a format has no '}'.");
    }

    private string Field(string field, int nesting)
    {
        var colon = field.IndexOf(':');
        var head = colon < 0 ? field : field[..colon];
        var bang = head.IndexOf('!');
        var value = Find(bang < 0 ? head : head[..bang]);
        var spec = colon < 0 ? "" : Format(field[(colon + 1)..], nesting + 1);
        if (bang >= 0)
        {
            value = head[(bang + 1)..] switch
            {
                "s" => new StringValue(value.ToText(renderer)),
                "r" or "a" => new StringValue(value.ToRepresentation(renderer)),
                var other => throw TemplateException.Of($"'!{other}' is no conversion that Python knows."),
            };
        }

        if (value is UndefinedValue) value = StringValue.Empty;
        var text = FormatSpec.Parse(spec).Apply(renderer, value);
        return escapes && value is not StringValue { IsSafe: true } ? StringText.EscapeHtml(renderer, text) : text;
    }

    private TemplateValue Find(string path)
    {
        var rest = path.AsSpan();
        var value = First(TakeName(ref rest));
        while (!rest.IsEmpty)
        {
            renderer.Budget.Step();
            if (rest[0] == '.')
            {
                rest = rest[1..];
                value = AttributeExpression.Read(renderer, value, new StringValue(TakeName(ref rest)));
                continue;
            }

            var close = rest.IndexOf(']');
            if (rest[0] != '[' || close < 0) throw TemplateException.Of($"the field '{path}' has no ']'.");
            value = ItemExpression.Read(renderer, value, Key(rest[1..close].ToString()));
            rest = rest[(close + 1)..];
        }

        return value;
    }

    private static string TakeName(ref ReadOnlySpan<char> path)
    {
        var end = path.IndexOfAny('.', '[');
        var name = (end < 0 ? path : path[..end]).ToString();
        path = path[name.Length..];
        return name;
    }

    private TemplateValue First(string name)
    {
        if (name.Length > 0 && !name.All(char.IsAsciiDigit))
        {
            return arguments.Find(name)
                ?? throw TemplateException.Of($"a format names '{name}', which is not among its arguments.");
        }

        _isNumbered ??= name.Length > 0;
        if (_isNumbered != name.Length > 0)
            throw TemplateException.Of("a format mixes fields with numbers and fields without; choose one.");
        var index = name.Length == 0 ? _nextIndex++ : Index(name);
        return index < arguments.Positional.Count
            ? arguments.Positional[index]
            : throw TemplateException.Of($"a format asks for argument {index} of {arguments.Positional.Count}.");
    }

    private static int Index(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : int.MaxValue;

    private static TemplateValue Key(string key) =>
        key.Length > 0 && key.All(char.IsAsciiDigit) ? IntegerValue.Of(Index(key)) : new StringValue(key);
}
