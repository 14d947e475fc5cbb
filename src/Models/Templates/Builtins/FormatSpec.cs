using System.Globalization;
using System.Numerics;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>
/// How one value is formatted: <c>format(value, '*^+#012,.3f')</c>, which <c>%</c> formats translate to too.
/// </summary>
internal sealed record FormatSpec
{
    private static readonly FormatSpec _plain = new();

    /// <summary>Fills up to the width.</summary>
    public string Fill { get; init; } = " ";

    /// <summary><c>&lt; &gt; ^ =</c>, or NUL for the type's own side.</summary>
    public char Align { get; init; }

    /// <summary><c>+</c>, <c>-</c> or a blank: what stands before a number that is not negative.</summary>
    public char Sign { get; init; } = '-';

    /// <summary>With <c>0x</c> and the like.</summary>
    public bool IsAlternate { get; init; }

    /// <summary>Characters at least.</summary>
    public int Width { get; init; }

    /// <summary>Between groups of digits: <c>,</c>, <c>_</c> or NUL.</summary>
    public char Grouping { get; init; }

    /// <summary>Digits after the point, or characters of a string; null leaves it to the type.</summary>
    public int? Precision { get; init; }

    /// <summary>The letter at its end, or NUL.</summary>
    public char Type { get; init; }

    /// <summary>Reads the text after <c>:</c> of a replacement field.</summary>
    public static FormatSpec Parse(string text)
    {
        var rest = text.AsSpan();
        var spec = new FormatSpec();
        var fillLength = rest.IsEmpty ? 0 : CodePoints.LengthAt(rest, 0);
        if (rest.Length > fillLength && "<>=^".Contains(rest[fillLength]))
        {
            spec = spec with { Fill = rest[..fillLength].ToString(), Align = rest[fillLength] };
            rest = rest[(fillLength + 1)..];
        }
        else if (!rest.IsEmpty && "<>=^".Contains(rest[0]))
        {
            spec = spec with { Align = Take(ref rest) };
        }

        if (!rest.IsEmpty && "+- ".Contains(rest[0])) spec = spec with { Sign = Take(ref rest) };
        if (rest.StartsWith("#")) spec = spec with { IsAlternate = Take(ref rest) == '#' };
        if (rest.StartsWith("0"))
        {
            Take(ref rest);
            if (spec.Align == '\0') spec = spec with { Fill = "0", Align = '=' };
        }

        spec = spec with { Width = TakeNumber(ref rest) ?? 0 };
        if (!rest.IsEmpty && rest[0] is ',' or '_') spec = spec with { Grouping = Take(ref rest) };
        if (rest.StartsWith("."))
        {
            Take(ref rest);
            spec = spec with
            {
                Precision = TakeNumber(ref rest)
                    ?? throw TemplateException.Of($"the format '{text}' needs a number after its '.'."),
            };
        }

        if (rest.Length == 1) spec = spec with { Type = Take(ref rest) };
        return rest.IsEmpty ? spec : throw TemplateException.Of($"the format '{text}' is none that Python knows.");
    }

    /// <summary>A number at the start of a text, which is passed; null where none stands there.</summary>
    public static int? TakeNumber(ref ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        if (end == 0) return null;
        if (end > 9) throw TemplateException.Of("a width or precision in a format has more than nine digits.");
        var value = int.Parse(text[..end], CultureInfo.InvariantCulture);
        text = text[end..];
        return value;
    }

    /// <summary>The formatted value.</summary>
    public string Apply(Renderer renderer, TemplateValue value)
    {
        renderer.Budget.MakeText(Width + (Precision ?? 0) + 64L);
        if (value is StringValue text) return Pad(renderer, "", Cut(renderer, text.Text), '<');
        if (this == _plain) return value.ToText(renderer);
        if (value is FloatValue number) return OnFloat(renderer, number.Value);
        if (Numbers.AsInteger(value) is { } integer)
            return "eEfFgG%".Contains(Type) ? OnFloat(renderer, (double)integer) : OnInteger(renderer, integer);
        throw TemplateException.Of($"a {value.TypeName} takes no format; turn it into a string first.");
    }

    private static char Take(ref ReadOnlySpan<char> text)
    {
        var first = text[0];
        text = text[1..];
        return first;
    }

    private string Cut(Renderer renderer, string text)
    {
        if (Type is not ('\0' or 's')) throw TemplateException.Of($"the format '{Type}' does not fit a string.");
        renderer.Budget.MakeText(text.Length);
        return Precision is { } length && length < CodePoints.Count(text) ? CodePoints.Slice(text, 0, length) : text;
    }

    private string OnInteger(Renderer renderer, BigInteger value)
    {
        var size = BigInteger.Abs(value);
        var (prefix, digits) = Type switch
        {
            '\0' or 'd' or 'n' => ("", size.ToString(CultureInfo.InvariantCulture)),
            'x' => ("0x", Radix(size, 4)),
            'X' => ("0X", Radix(size, 4).ToUpperInvariant()),
            'o' => ("0o", Radix(size, 3)),
            'b' => ("0b", Radix(size, 1)),
            'c' when value >= 0 && value < 0xD800 => ("", ((char)value).ToString()),
            _ => throw TemplateException.Of($"the format '{Type}' does not fit a whole number."),
        };
        if (Precision is { } count) digits = digits.PadLeft(Math.Min(count, 4096), '0');
        var group = Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3;
        return Pad(renderer, SignOf(value.Sign < 0) + (IsAlternate ? prefix : ""), Group(digits, group), '>');
    }

    private string OnFloat(Renderer renderer, double value)
    {
        var size = Math.Abs(value);
        var digits = !double.IsFinite(size) ? FloatText.Of(size) : char.ToLowerInvariant(Type) switch
        {
            '\0' when Precision is null => FloatText.Of(size),
            '\0' or 'g' or 'n' => NumberText.General(size, Precision ?? 6, IsAlternate),
            'f' => NumberText.Fixed(size, Precision ?? 6),
            'e' => NumberText.Scientific(size, Precision ?? 6),
            '%' => NumberText.Fixed(size * 100, Precision ?? 6) + "%",
            _ => throw TemplateException.Of($"the format '{Type}' does not fit a float."),
        };
        if (char.IsUpper(Type)) digits = digits.ToUpperInvariant();
        return Pad(renderer, SignOf(double.IsNegative(value)), Group(digits, 3), '>');
    }

    private string SignOf(bool isNegative) => isNegative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Group(string digits, int size)
    {
        if (Grouping == '\0') return digits;
        var end = digits.TakeWhile(char.IsAsciiLetterOrDigit).Count();
        for (var at = end - size; at > 0; at -= size) digits = digits.Insert(at, Grouping.ToString());
        return digits;
    }

    private string Pad(Renderer renderer, string sign, string digits, char side)
    {
        var missing = Width - CodePoints.Count(sign) - CodePoints.Count(digits);
        if (missing <= 0) return sign + digits;
        renderer.Budget.MakeText(Width * (long)Fill.Length);
        var align = Align == '\0' ? side : Align;
        var before = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        var (left, right) = (Repeat(before), Repeat(missing - before));
        return align == '=' ? sign + left + digits : left + sign + digits + right;

        string Repeat(int count) =>
            Fill.Length == 1 ? new string(Fill[0], count) : string.Concat(Enumerable.Repeat(Fill, count));
    }

    private static string Radix(BigInteger value, int bits)
    {
        if (value.IsZero) return "0";
        var digits = new Stack<char>();
        for (; !value.IsZero; value >>= bits) digits.Push("0123456789abcdef"[(int)(value & ((1 << bits) - 1))]);
        return string.Concat(digits);
    }
}
