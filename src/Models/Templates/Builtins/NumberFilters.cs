using System.Globalization;
using System.Numerics;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters that make numbers, or text of numbers.</summary>
internal static class NumberFilters
{
    private static readonly string[] _decimalSizes = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    private static readonly string[] _binarySizes = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        Filter.Of("abs", (_, value) => Absolute(value)),
        Filter.Of("int", ["default", "base"], ToInteger),
        Filter.Of("float", ["default"], ToFloat),
        Filter.Of("round", ["precision", "method"], Round),
        Filter.Of("filesizeformat", ["binary"], FormatSize),
    ];

    private static TemplateValue Absolute(TemplateValue value) => value switch
    {
        UndefinedValue undefined => throw undefined.Fail(),
        FloatValue number => new FloatValue(Math.Abs(number.Value)),
        _ when Numbers.AsInteger(value) is { } integer => IntegerValue.Of(BigInteger.Abs(integer)),
        _ => throw TemplateException.Of($"'abs' needs a number; it got a {value.TypeName}."),
    };

    private static TemplateValue ToInteger(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var otherwise = a[0] ?? IntegerValue.Of(0);
        if (value is UndefinedValue undefined) throw undefined.Fail();
        if (Numbers.AsInteger(value) is { } integer) return IntegerValue.Of(integer);
        var number = (value as FloatValue)?.Value;
        if (value is StringValue text)
        {
            renderer.Budget.Scan(text.Text.Length);
            if (NumberText.ParseInteger(text.Text, Base(a)) is { } parsed) return Arithmetic.Checked(renderer, parsed);
            number = NumberText.ParseFloat(text.Text);
        }
        else if (number is not null && double.IsInfinity(number.Value))
        {
            throw TemplateException.Of("infinity is no whole number.");
        }

        return number is { } finite && double.IsFinite(finite) ? IntegerValue.Of(new BigInteger(finite)) : otherwise;
    }

    private static int Base(BoundArguments a)
    {
        var radix = a.Integer(1, 10);
        return radix is 0 or (>= 2 and <= 36) ? radix : throw TemplateException.Of($"{radix} is no base; 2 to 36 are.");
    }

    private static TemplateValue ToFloat(Renderer renderer, TemplateValue value, BoundArguments a) =>
        ReadFloat(renderer, value) is { } number ? new FloatValue(number) : a[0] ?? new FloatValue(0);

    private static double? ReadFloat(Renderer renderer, TemplateValue value)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        if (value is not StringValue text) return Numbers.AsDouble(value);
        renderer.Budget.Scan(text.Text.Length);
        return NumberText.ParseFloat(text.Text);
    }

    private static TemplateValue Round(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        var precision = Math.Clamp(a.Integer(0, 0), -1000, 1000);
        var method = a[1] is null ? "common" : a.Text(1);
        if (method is not ("common" or "ceil" or "floor"))
            throw TemplateException.Of($"'round' knows common, ceil and floor, not '{method}'.");
        if (Numbers.AsDouble(value) is not { } number)
            throw TemplateException.Of($"'round' needs a number; it got a {value.TypeName}.");

        renderer.Budget.Spend(16);
        if (method == "common")
        {
            return Numbers.AsInteger(value) is { } integer
                ? IntegerValue.Of(RoundInteger(integer, precision))
                : new FloatValue(NumberText.Round(number, precision));
        }

        var scale = Math.Pow(10, precision);
        var scaled = number * scale;
        return new FloatValue((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale);
    }

    /// <summary>Python rounds whole numbers only to tens and up; halves go to even.</summary>
    private static BigInteger RoundInteger(BigInteger value, int precision)
    {
        if (precision >= 0) return value;
        var unit = BigInteger.Pow(10, -precision);
        var quotient = BigInteger.DivRem(value, unit, out var remainder);
        var half = (BigInteger.Abs(remainder) * 2).CompareTo(unit);
        var isUp = half > 0 || (half == 0 && !quotient.IsEven);
        return (isUp ? quotient + (value.Sign < 0 ? -1 : 1) : quotient) * unit;
    }

    private static StringValue FormatSize(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var bytes = ReadFloat(renderer, value)
            ?? throw TemplateException.Of($"'filesizeformat' needs a number; it got a {value.TypeName}.");
        var unit = a.Flag(0) ? 1024.0 : 1000.0;
        if (bytes == 1) return new StringValue("1 Byte");
        if (bytes < unit)
            return new StringValue(string.Create(CultureInfo.InvariantCulture, $"{Math.Truncate(bytes):F0} Bytes"));
        var names = a.Flag(0) ? _binarySizes : _decimalSizes;
        var power = 0;
        while (power < names.Length - 1 && bytes >= Math.Pow(unit, power + 2)) power++;
        var scaled = unit * bytes / Math.Pow(unit, power + 2);
        return new StringValue($"{(double.IsFinite(scaled) ? NumberText.Fixed(scaled, 1) : "inf")} {names[power]}");
    }
}
