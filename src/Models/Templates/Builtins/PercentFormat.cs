using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Python's <c>'%s is %5.1f' % values</c>.</summary>
internal static class PercentFormat
{
    /// <summary>The formatted text.</summary>
    /// <param name="renderer">The rendering.</param>
    /// <param name="format">The text with its fields.</param>
    /// <param name="values">A tuple, one value, or a mapping for fields with names.</param>
    public static StringValue Apply(Renderer renderer, StringValue format, TemplateValue values)
    {
        var output = new TextBuffer(renderer.Budget);
        var rest = format.Text.AsSpan();
        var source = new ValueSource(values);
        while (true)
        {
            var percent = rest.IndexOf('%');
            if (percent < 0) break;
            output.Append(rest[..percent]);
            rest = rest[(percent + 1)..];
            renderer.Budget.Step();
            output.Append(Field(renderer, ref rest, source, format.IsSafe));
        }

        output.Append(rest);
        source.RequireAllUsed();
        return format.Like(output.ToString());
    }

    private static string Field(Renderer renderer, ref ReadOnlySpan<char> rest, ValueSource source, bool escapes)
    {
        var key = TakeKey(ref rest);
        var spec = TakeFlags(ref rest);
        if (rest.StartsWith("*"))
        {
            rest = rest[1..];
            var width = Numbers.Clamp(source.Next(), "a width in a format");
            spec = spec with { Width = Math.Abs(Math.Max(width, -int.MaxValue)), Align = width < 0 ? '<' : spec.Align };
        }
        else
        {
            spec = spec with { Width = FormatSpec.TakeNumber(ref rest) ?? 0 };
        }

        if (rest.StartsWith("."))
        {
            rest = rest[1..];
            spec = spec with { Precision = FormatSpec.TakeNumber(ref rest) ?? 0 };
        }

        while (!rest.IsEmpty && rest[0] is 'h' or 'l' or 'L') rest = rest[1..];
        if (rest.IsEmpty) throw TemplateException.Of("a '%' format ends before its letter.");
        var type = rest[0];
        rest = rest[1..];
        if (type == '%') return "%";
        var value = key is null ? source.Next() : source.Find(renderer, key);
        return Convert(renderer, spec, type, value, escapes);
    }

    private static string? TakeKey(ref ReadOnlySpan<char> rest)
    {
        if (!rest.StartsWith("(")) return null;
        var end = rest.IndexOf(')');
        if (end < 0) throw TemplateException.Of("a '%(' in a format has no ')'.");
        var key = rest[1..end].ToString();
        rest = rest[(end + 1)..];
        return key;
    }

    private static FormatSpec TakeFlags(ref ReadOnlySpan<char> rest)
    {
        var spec = new FormatSpec();
        for (; !rest.IsEmpty && "#0- +".Contains(rest[0]); rest = rest[1..])
        {
            spec = rest[0] switch
            {
                '#' => spec with { IsAlternate = true },
                '0' when spec.Align != '<' => spec with { Fill = "0", Align = '=' },
                '-' => spec with { Fill = " ", Align = '<' },
                '+' => spec with { Sign = '+' },
                ' ' when spec.Sign != '+' => spec with { Sign = ' ' },
                _ => spec,
            };
        }

        return spec;
    }

    private static string Convert(Renderer renderer, FormatSpec spec, char type, TemplateValue value, bool escapes)
    {
        if (type is 's' or 'r' or 'a')
        {
            var text = type == 's' ? value.ToText(renderer) : value.ToRepresentation(renderer);
            if (escapes && value is not StringValue { IsSafe: true }) text = StringText.EscapeHtml(renderer, text);
            var side = spec.Align == '<' ? '<' : '>';
            return (spec with { Fill = " ", Align = side, Type = 's' }).Apply(renderer, new StringValue(text));
        }

        if (type == 'c' && value is StringValue { Length: 1 } character) return character.Text;
        if (value is UndefinedValue undefined) throw undefined.Fail();
        if (Numbers.AsDouble(value) is null)
            throw TemplateException.Of($"the format '%{type}' needs a number; it got a {value.TypeName}.");
        switch (type)
        {
            case 'd' or 'i' or 'u':
                var whole = value is FloatValue number ? Truncate(number.Value) : value;
                return (spec with { Type = 'd' }).Apply(renderer, whole);
            case 'x' or 'X' or 'o' or 'c':
                return (spec with { Type = type }).Apply(renderer, value);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return (spec with { Type = type }).Apply(renderer, new FloatValue(Numbers.AsDouble(value)!.Value));
            default:
                throw TemplateException.Of($"'%{type}' is no format that Python knows.");
        }
    }

    private static IntegerValue Truncate(double value) => double.IsFinite(value)
        ? IntegerValue.Of(new System.Numerics.BigInteger(value))
        : throw TemplateException.Of("the format '%d' needs a finite number.");

    /// <summary>Where fields take their values from.</summary>
    private sealed class ValueSource(TemplateValue values)
    {
        private int _next;

        public TemplateValue Next()
        {
            var at = _next++;
            if (values is TupleValue tuple)
            {
                return at < tuple.Count ? tuple[at]
                    : throw TemplateException.Of($"a format has over {at} fields but only {at} values.");
            }

            return at == 0 ? values : throw TemplateException.Of("a format has several fields but only one value.");
        }

        public TemplateValue Find(Renderer renderer, string key)
        {
            if (values is not DictValue map) throw TemplateException.Of("a format with names needs a mapping.");
            _next = 1;
            return map.Find(renderer, new StringValue(key))
                ?? throw TemplateException.Of($"a format names '{key}', which its mapping lacks.");
        }

        public void RequireAllUsed()
        {
            var count = values switch
            {
                TupleValue tuple => tuple.Count,
                SequenceValue or DictValue or UndefinedValue => 0,
                _ => 1,
            };
            if (_next < count) throw TemplateException.Of($"a format uses {_next} of its {count} values.");
        }
    }
}
