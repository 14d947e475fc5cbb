using System.Numerics;

namespace Minka.Models.Templates.Values;

/// <summary>Values as numbers.</summary>
internal static class Numbers
{
    /// <summary>The value of an int or a bool; null for everything else.</summary>
    public static BigInteger? AsInteger(TemplateValue value) => value switch
    {
        IntegerValue integer => integer.Value,
        BoolValue boolean => boolean.Value ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    /// <summary>The value of a number as a double; null for everything else.</summary>
    public static double? AsDouble(TemplateValue value) =>
        value is FloatValue number ? number.Value : AsInteger(value) is { } integer ? (double)integer : null;

    /// <summary>An index or a count, cut to what an int holds.</summary>
    /// <exception cref="TemplateException">It is no whole number.</exception>
    public static int Clamp(TemplateValue value, string what)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        if (AsInteger(value) is not { } number)
            throw TemplateException.Of($"{what} must be a whole number; it is of type {value.TypeName}.");
        return (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue);
    }

    /// <summary>How two numbers compare; null when one is NaN.</summary>
    public static int? Compare(TemplateValue a, TemplateValue b)
    {
        var (x, y) = (AsInteger(a), AsInteger(b));
        if (x is not null && y is not null) return x.Value.CompareTo(y.Value);
        if (x is not null) return -Compare(((FloatValue)b).Value, x.Value);
        if (y is not null) return Compare(((FloatValue)a).Value, y.Value);
        var (p, q) = (((FloatValue)a).Value, ((FloatValue)b).Value);
        return double.IsNaN(p) || double.IsNaN(q) ? null : p.CompareTo(q);
    }

    /// <summary>A hash that equal numbers share, whatever their type.</summary>
    public static int Hash(TemplateValue value)
    {
        if (AsInteger(value) is { } integer) return HashCode.Combine(integer);
        var number = ((FloatValue)value).Value;
        return double.IsFinite(number) && Math.Floor(number) == number
            ? HashCode.Combine(new BigInteger(number))
            : HashCode.Combine(number);
    }

    private static int? Compare(double a, BigInteger b)
    {
        if (double.IsNaN(a)) return null;
        if (double.IsInfinity(a)) return a > 0 ? 1 : -1;
        var whole = new BigInteger(Math.Floor(a));
        var order = whole.CompareTo(b);
        return order != 0 ? order : Math.Floor(a) < a ? 1 : 0;
    }
}
