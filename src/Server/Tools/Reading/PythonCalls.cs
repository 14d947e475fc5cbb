using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Minka.Server.Tools.Reading;

/// <summary>Reads a list of calls in Python whose arguments are named literals.</summary>
internal ref struct PythonCalls
{
    private const int DepthMax = 64;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private PythonCalls(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Names and arguments, as JSON objects; false when a text is no such list.</summary>
    public static bool TryRead(string text, out List<(string Name, string Arguments)> calls)
    {
        calls = [];
        try
        {
            var reader = new PythonCalls(text);
            reader.Expect('[');
            while (!reader.TryTake(']'))
            {
                var name = reader.Name();
                calls.Add((name, reader.Arguments()));
                if (!reader.TryTake(',') && reader.Peek() != ']') throw Unreadable;
            }
            return reader.Peek() == '\0';
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            return false; // ArgumentException: half a surrogate pair
        }
    }

    private static FormatException Unreadable => new("This is no list of calls in Python.");

    private string Arguments()
    {
        Expect('(');
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            while (!TryTake(')'))
            {
                json.WritePropertyName(Name());
                Expect('=');
                Value(json, 0);
                if (!TryTake(',') && Peek() != ')') throw Unreadable;
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private void Value(Utf8JsonWriter json, int depth)
    {
        if (depth > DepthMax) throw Unreadable;
        switch (Peek())
        {
            case '"' or '\'':
                json.WriteStringValue(Text());
                break;
            case '[' or '(':
                var close = _text[_at++] == '[' ? ']' : ')';
                json.WriteStartArray();
                while (!TryTake(close))
                {
                    Value(json, depth + 1);
                    if (!TryTake(',') && Peek() != close) throw Unreadable;
                }
                json.WriteEndArray();
                break;
            case '{':
                Mapping(json, depth);
                break;
            case '-' or (>= '0' and <= '9'):
                json.WriteRawValue(Number());
                break;
            default:
                Word(json);
                break;
        }
    }

    private void Mapping(Utf8JsonWriter json, int depth)
    {
        Expect('{');
        json.WriteStartObject();
        while (!TryTake('}'))
        {
            Peek();
            json.WritePropertyName(Text());
            Expect(':');
            Value(json, depth + 1);
            if (!TryTake(',') && Peek() != '}') throw Unreadable;
        }
        json.WriteEndObject();
    }

    private void Word(Utf8JsonWriter json)
    {
        switch (Name())
        {
            case "True" or "true": json.WriteBooleanValue(true); break;
            case "False" or "false": json.WriteBooleanValue(false); break;
            case "None" or "null": json.WriteNullValue(); break;
            default: throw Unreadable;
        }
    }

    private string Number()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '-' or '+' or '.')) _at++;
        var number = _text[start.._at].ToString();
        return JsonText.TryKind(number, out var kind) && kind == JsonValueKind.Number ? number : throw Unreadable;
    }

    private string Name()
    {
        Peek();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '-' or '.')) _at++;
        return _at > start ? _text[start.._at].ToString() : throw Unreadable;
    }

    private string Text()
    {
        var quote = _text[_at++];
        if (quote is not ('"' or '\'')) throw Unreadable;
        var text = new StringBuilder();
        while (_at < _text.Length)
        {
            var unit = _text[_at++];
            if (unit == quote) return text.ToString();
            text.Append(unit == '\\' ? Escape() : unit.ToString());
        }
        throw Unreadable;
    }

    private string Escape()
    {
        if (_at == _text.Length) throw Unreadable;
        var unit = _text[_at++];
        return unit switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            '\\' or '\'' or '"' => unit.ToString(),
            _ => "\\" + unit,
        };
    }

    private string Hexadecimal(int digits)
    {
        if (_at + digits > _text.Length) throw Unreadable;
        var value = ushort.Parse(
            _text.Slice(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        _at += digits;
        return ((char)value).ToString();
    }

    private char Peek()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool TryTake(char unit)
    {
        if (Peek() == '\0') throw Unreadable;
        if (_text[_at] != unit) return false;
        _at++;
        return true;
    }

    private void Expect(char unit)
    {
        if (!TryTake(unit)) throw Unreadable;
    }
}
