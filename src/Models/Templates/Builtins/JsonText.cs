using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>JSON as Python's <c>json.dumps</c> writes it, which is what transformers' <c>tojson</c> calls.</summary>
internal sealed class JsonText
{
    private readonly Renderer _renderer;
    private readonly TextBuffer _output;
    private readonly bool _isAscii;
    private readonly bool _sortsKeys;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;
    private int _depth;

    private JsonText(Renderer renderer, BoundArguments a)
    {
        _renderer = renderer;
        _output = new TextBuffer(renderer.Budget);
        _isAscii = a.Flag(0);
        _sortsKeys = a.Flag(3);
        _indent = a.Given(1) switch
        {
            null => null,
            StringValue text => text.Text,
            _ => Spaces(a.Integer(1, 0)),
        };
        (_itemSeparator, _keySeparator) = a.Given(2) switch
        {
            null => (_indent is null ? ", " : ",", ": "),
            SequenceValue { Count: 2 } pair when pair[0] is StringValue item && pair[1] is StringValue key =>
                (item.Text, key.Text),
            _ => throw TemplateException.Of("the separators of 'tojson' must be two strings."),
        };
    }

    /// <summary>The JSON of a value.</summary>
    /// <param name="renderer">The rendering.</param>
    /// <param name="value">None, booleans, numbers, strings, lists, tuples and mappings of them.</param>
    /// <param name="arguments">ensure_ascii, indent, separators, sort_keys.</param>
    /// <exception cref="TemplateException">The value holds something that JSON has not.</exception>
    public static string Write(Renderer renderer, TemplateValue value, BoundArguments arguments)
    {
        var json = new JsonText(renderer, arguments);
        json.Write(value);
        return json._output.ToString();
    }

    private static string Spaces(int count) =>
        count <= 1024 ? new string(' ', Math.Max(count, 0))
            : throw TemplateException.Of($"'tojson' indents by 1024 at most, not by {count}.");

    private void Write(TemplateValue value)
    {
        _renderer.Budget.Step();
        switch (value)
        {
            case NoneValue: _output.Append("null"); break;
            case BoolValue boolean: _output.Append(boolean.Value ? "true" : "false"); break;
            case IntegerValue: value.Represent(_output); break;
            case FloatValue number: _output.Append(FloatToText(number.Value)); break;
            case StringValue text: WriteString(text.Text); break;
            case ListValue or TupleValue: WriteList((SequenceValue)value); break;
            case DictValue map: WriteMap(map); break;
            default: throw TemplateException.Of($"'tojson' cannot write a value of type {value.TypeName}.");
        }
    }

    private void WriteList(SequenceValue list)
    {
        if (list.Count == 0)
        {
            _output.Append("[]");
            return;
        }

        Open('[');
        for (var i = 0; i < list.Count; i++)
        {
            if (i > 0) Separate();
            Write(list[i]);
        }

        Close(']');
    }

    private void WriteMap(DictValue map)
    {
        if (map.Count == 0)
        {
            _output.Append("{}");
            return;
        }

        Open('{');
        var isFirst = true;
        var entries = _sortsKeys
            ? Ordering.Sort(_renderer, [.. map.Entries], entry => entry.Key, isReversed: false)
            : map.Entries.AsEnumerable();
        foreach (var (key, value) in entries)
        {
            if (!isFirst) Separate();
            isFirst = false;
            WriteString(KeyOf(key));
            _output.Append(_keySeparator);
            Write(value);
        }

        Close('}');
    }

    private string KeyOf(TemplateValue key) => key switch
    {
        StringValue text => text.Text,
        NoneValue => "null",
        BoolValue boolean => boolean.Value ? "true" : "false",
        FloatValue number => FloatToText(number.Value),
        IntegerValue => key.ToText(_renderer),
        _ => throw TemplateException.Of($"'tojson' cannot write a key of type {key.TypeName}."),
    };

    private static string FloatToText(double value) => double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? (value > 0 ? "Infinity" : "-Infinity")
        : FloatText.Of(value);

    private void Open(char bracket)
    {
        _renderer.Budget.Descend();
        _depth++;
        _output.Append(bracket);
        BreakLine();
    }

    private void Close(char bracket)
    {
        _depth--;
        BreakLine();
        _output.Append(bracket);
    }

    private void Separate()
    {
        _output.Append(_itemSeparator);
        BreakLine();
    }

    private void BreakLine()
    {
        if (_indent is null) return;
        _output.Append('\n');
        for (var i = 0; i < _depth; i++) _output.Append(_indent);
    }

    private void WriteString(string text)
    {
        _output.Append('"');
        var plainStart = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c >= ' ' && c != '"' && c != '\\' && (c < '\x7f' || !_isAscii)) continue;
            _output.Append(text.AsSpan(plainStart, at - plainStart));
            _output.Append(JsonEscape.Of(c));
            plainStart = at + 1;
        }

        _output.Append(text.AsSpan(plainStart));
        _output.Append('"');
    }
}
