using System.Globalization;

namespace Minka.Models.Templates.Values;

/// <summary>Floats as Python prints them.</summary>
internal static class FloatText
{
    /// <summary>Python's <c>repr</c>: the shortest digits that read back as the same number.</summary>
    public static string Of(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        var (sign, digits, exponent) = Split(value);
        if (exponent is < -4 or >= 16) return sign + Scientific(digits, exponent);
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        var whole = digits.Length > exponent ? digits[..(exponent + 1)] : digits.PadRight(exponent + 1, '0');
        var fraction = digits.Length > exponent + 1 ? digits[(exponent + 1)..] : "0";
        return $"{sign}{whole}.{fraction}";
    }

    private static string Scientific(string digits, int exponent)
    {
        var fraction = digits.Length > 1 ? "." + digits[1..] : "";
        return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>The shortest digits, and the power of ten of the first one.</summary>
    private static (string Sign, string Digits, int Exponent) Split(double value)
    {
        var parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var power = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        if (point < 0) point = parts[0].Length;
        var mantissa = parts[0].Replace(".", "", StringComparison.Ordinal);
        var digits = mantissa.TrimStart('0');
        var sign = double.IsNegative(value) ? "-" : "";
        if (digits.Length == 0) return (sign, "0", 0);
        return (sign, digits.TrimEnd('0'), power + point - 1 - (mantissa.Length - digits.Length));
    }
}
