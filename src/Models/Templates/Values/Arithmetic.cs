using System.Numerics;
using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Python's arithmetic operators.</summary>
internal static class Arithmetic
{
    /// <summary>Applies <c>+ - * / // % **</c>.</summary>
    /// <exception cref="TemplateException">The types do not go together, or the result is out of bounds.</exception>
    public static TemplateValue Apply(Renderer renderer, string symbol, TemplateValue a, TemplateValue b)
    {
        if (a is UndefinedValue x) throw x.Fail();
        if (b is UndefinedValue y && !(symbol == "%" && a is StringValue)) throw y.Fail();
        var result = (Numbers.AsInteger(a), Numbers.AsInteger(b)) switch
        {
            ({ } p, { } q) => OnIntegers(renderer, symbol, p, q),
            _ when Numbers.AsDouble(a) is { } p && Numbers.AsDouble(b) is { } q => OnFloats(symbol, p, q),
            _ => OnCollections(renderer, symbol, a, b),
        };
        return result ?? throw TemplateException.Of(
            $"'{symbol}' cannot be applied to a {a.TypeName} and a {b.TypeName}.");
    }

    /// <summary>Python's unary minus.</summary>
    public static TemplateValue Negate(TemplateValue value) => value switch
    {
        UndefinedValue undefined => throw undefined.Fail(),
        FloatValue number => new FloatValue(-number.Value),
        _ when Numbers.AsInteger(value) is { } integer => IntegerValue.Of(-integer),
        _ => throw TemplateException.Of($"'-' cannot be applied to a {value.TypeName}."),
    };

    /// <summary>Python's unary plus.</summary>
    public static TemplateValue Affirm(TemplateValue value) => value switch
    {
        UndefinedValue undefined => throw undefined.Fail(),
        FloatValue => value,
        _ when Numbers.AsInteger(value) is { } integer => IntegerValue.Of(integer),
        _ => throw TemplateException.Of($"'+' cannot be applied to a {value.TypeName}."),
    };

    /// <summary>A whole number of arithmetic, within its bound.</summary>
    public static IntegerValue Checked(Renderer renderer, BigInteger value)
    {
        var bits = value.GetBitLength();
        if (bits > renderer.Budget.Limits.IntegerBitsMax)
        {
            throw TemplateException.Of(
                $"it makes a number of {bits} bits; {renderer.Budget.Limits.IntegerBitsMax} is the limit.");
        }

        if (bits > 64) renderer.Budget.Spend(bits / 16);
        return IntegerValue.Of(value);
    }

    private static TemplateValue OnIntegers(Renderer renderer, string symbol, BigInteger a, BigInteger b) =>
        symbol switch
        {
            "+" => Checked(renderer, a + b),
            "-" => Checked(renderer, a - b),
            "*" => Checked(renderer, a * b),
            "/" => new FloatValue((double)a / (double)NonZero(b)),
            "//" => Checked(renderer, FloorDivide(a, NonZero(b))),
            "%" => Checked(renderer, a - (b * FloorDivide(a, NonZero(b)))),
            _ => Power(renderer, a, b),
        };

    private static FloatValue OnFloats(string symbol, double a, double b) => symbol switch
    {
        "+" => new FloatValue(a + b),
        "-" => new FloatValue(a - b),
        "*" => new FloatValue(a * b),
        "/" => new FloatValue(a / NonZero(b)),
        "//" => new FloatValue(FloorDivide(a, NonZero(b))),
        "%" => new FloatValue(Modulo(a, NonZero(b))),
        _ => new FloatValue(Power(a, b)),
    };

    private static TemplateValue? OnCollections(Renderer renderer, string symbol, TemplateValue a, TemplateValue b) =>
        (symbol, a, b) switch
        {
            ("+", StringValue x, StringValue y) => Concatenate(renderer, x, y),
            ("+", ListValue x, ListValue y) => new ListValue(Concatenate(renderer, x, y)),
            ("+", TupleValue x, TupleValue y) => new TupleValue(Concatenate(renderer, x, y)),
            ("*", StringValue or ListValue or TupleValue, IntegerValue or BoolValue) =>
                Repeat(renderer, a, Numbers.Clamp(b, "a count")),
            ("*", IntegerValue or BoolValue, StringValue or ListValue or TupleValue) =>
                Repeat(renderer, b, Numbers.Clamp(a, "a count")),
            ("%", StringValue format, _) => PercentFormat.Apply(renderer, format, b),
            _ => null,
        };

    private static StringValue Concatenate(Renderer renderer, StringValue a, StringValue b)
    {
        if (a.IsSafe != b.IsSafe)
        {
            var (x, y) = (Escaped(renderer, a), Escaped(renderer, b));
            renderer.Budget.MakeText(x.Length + (long)y.Length);
            return new StringValue(x + y, isSafe: true);
        }

        renderer.Budget.MakeText(a.Text.Length + (long)b.Text.Length);
        return a.Like(a.Text + b.Text);
    }

    private static string Escaped(Renderer renderer, StringValue value) =>
        value.IsSafe ? value.Text : StringText.EscapeHtml(renderer, value.Text);

    private static TemplateValue[] Concatenate(Renderer renderer, SequenceValue a, SequenceValue b)
    {
        renderer.Budget.MakeItems(a.Count + (long)b.Count);
        return [.. a.Iterate(), .. b.Iterate()];
    }

    private static TemplateValue Repeat(Renderer renderer, TemplateValue value, int count)
    {
        count = Math.Max(count, 0);
        if (value is StringValue text)
        {
            renderer.Budget.MakeText(text.Text.Length * (long)count);
            return text.Like(string.Create(text.Text.Length * count, text.Text, static (target, source) =>
            {
                for (var at = 0; at < target.Length; at += source.Length) source.CopyTo(target[at..]);
            }));
        }

        var items = (SequenceValue)value;
        if (items.Count == 0) return value;
        renderer.Budget.MakeItems(items.Count * (long)count);
        var repeated = Enumerable.Repeat(items, count).SelectMany(part => part.Iterate()).ToArray();
        return value is ListValue ? new ListValue(repeated) : new TupleValue(repeated);
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        return !remainder.IsZero && remainder.Sign != b.Sign ? quotient - 1 : quotient;
    }

    private static double Modulo(double a, double b)
    {
        var remainder = a % b;
        if (remainder == 0) return double.CopySign(0, b);
        return (remainder < 0) != (b < 0) ? remainder + b : remainder;
    }

    private static double FloorDivide(double a, double b)
    {
        var quotient = (a - Modulo(a, b)) / b;
        if (quotient == 0) return double.CopySign(0, a / b);
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static TemplateValue Power(Renderer renderer, BigInteger a, BigInteger b)
    {
        if (b.Sign < 0) return new FloatValue(Power((double)a, (double)b));
        if (a.IsZero || a.IsOne || b.IsZero) return IntegerValue.Of(b.IsZero ? BigInteger.One : a);
        if (a == BigInteger.MinusOne) return IntegerValue.Of(b.IsEven ? BigInteger.One : a);
        var bits = (BigInteger.Abs(a).GetBitLength() - 1) * (double)b;
        if (bits > renderer.Budget.Limits.IntegerBitsMax)
        {
            throw TemplateException.Of(
                $"it makes a number of over {bits:F0} bits; {renderer.Budget.Limits.IntegerBitsMax} is the limit.");
        }

        return Checked(renderer, BigInteger.Pow(a, (int)b));
    }

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0) throw TemplateException.Of("0 has no negative power.");
        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && Math.Floor(b) != b)
            throw TemplateException.Of("a negative number has no fractional power that is a real number.");
        var power = Math.Pow(a, b);
        if (double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b))
            throw TemplateException.Of("it raises a number past the largest float.");
        return power;
    }

    private static BigInteger NonZero(BigInteger value) =>
        value.IsZero ? throw TemplateException.Of("it divides by zero.") : value;

    private static double NonZero(double value) =>
        value == 0 ? throw TemplateException.Of("it divides by zero.") : value;
}
