using System.Globalization;
using System.Numerics;

namespace Minka.Models.Templates.Values;

/// <summary>
/// Floats with a number of digits asked for, rounded exactly and halves to even as Python does, and numbers read from
/// text.
/// </summary>
internal static class NumberText
{
    private const int DigitsMax = 400;

    /// <summary>Python's format <c>f</c> of a finite number that is not negative.</summary>
    public static string Fixed(double value, int precision)
    {
        Require(precision);
        var digits = Scale(value, precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : $"{digits[..^precision]}.{digits[^precision..]}";
    }

    /// <summary>Python's format <c>e</c> of a finite number that is not negative.</summary>
    public static string Scientific(double value, int precision)
    {
        Require(precision);
        var (digits, exponent) = Digits(value, precision);
        var fraction = precision == 0 ? "" : "." + digits[1..];
        return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>Python's format <c>g</c> of a finite number that is not negative.</summary>
    public static string General(double value, int precision, bool keepsZeros)
    {
        Require(precision);
        var significant = Math.Max(precision, 1);
        var exponent = Digits(value, significant - 1).Exponent;
        if (exponent >= -4 && exponent < significant)
            return Shorten(Fixed(value, significant - 1 - exponent), keepsZeros);
        var parts = Scientific(value, significant - 1).Split('e');
        return $"{Shorten(parts[0], keepsZeros)}e{parts[1]}";
    }

    /// <summary>Python's <c>round(value, digits)</c>.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 323) return value;
        if (digits < -308) return double.CopySign(0, value);
        var scaled = Scale(Math.Abs(value), digits);
        var text = string.Create(CultureInfo.InvariantCulture, $"{scaled}e{-digits}");
        return double.CopySign(double.Parse(text, CultureInfo.InvariantCulture), value);
    }

    /// <summary>Python's <c>int(text, radix)</c>; null where it is no number.</summary>
    public static BigInteger? ParseInteger(string text, int radix)
    {
        var digits = Spaces.TrimStart(Spaces.TrimEnd(text));
        var isNegative = !digits.IsEmpty && digits[0] == '-';
        if (!digits.IsEmpty && digits[0] is '-' or '+') digits = digits[1..];
        var prefix = digits.Length > 2 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) : '\0';
        var own = prefix switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };
        if (own != 0 && (radix == own || radix == 0))
        {
            digits = digits[2..];
            radix = own;
        }

        if (radix == 0) radix = 10;
        if (digits.IsEmpty || digits[0] == '_' || digits[^1] == '_') return null;

        if (digits.Length > DigitsMax)
            throw TemplateException.Of($"a number of {digits.Length} digits is too long; {DigitsMax} is the limit.");

        var value = BigInteger.Zero;
        for (var i = 0; i < digits.Length; i++)
        {
            if (digits[i] == '_' && digits[i - 1] != '_') continue;
            var digit = char.IsAsciiDigit(digits[i]) ? digits[i] - '0'
                : char.IsAsciiLetter(digits[i]) ? char.ToLowerInvariant(digits[i]) - 'a' + 10 : int.MaxValue;
            if (digit >= radix) return null;
            value = (value * radix) + digit;
        }

        return isNegative ? -value : value;
    }

    /// <summary>Python's <c>float(text)</c>; null where it is no number.</summary>
    public static double? ParseFloat(string text)
    {
        var digits = Spaces.TrimStart(Spaces.TrimEnd(text)).ToString();
        switch (digits.ToLowerInvariant().TrimStart('+', '-'))
        {
            case "inf" or "infinity": return digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            case "nan": return double.NaN;
        }

        if (digits.Contains('_') && !HasGoodUnderscores(digits)) return null;
        digits = digits.Replace("_", "", StringComparison.Ordinal);
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private static bool HasGoodUnderscores(string text)
    {
        for (var at = text.IndexOf('_'); at >= 0; at = text.IndexOf('_', at + 1))
        {
            if (at == 0 || at + 1 == text.Length) return false;
            if (!char.IsAsciiDigit(text[at - 1]) || !char.IsAsciiDigit(text[at + 1])) return false;
        }

        return true;
    }

    private static string Shorten(string text, bool keepsZeros) =>
        keepsZeros || !text.Contains('.') ? text : text.TrimEnd('0').TrimEnd('.');

    /// <summary><paramref name="precision"/> + 1 significant digits, and the power of ten of the first.</summary>
    private static (string Digits, int Exponent) Digits(double value, int precision)
    {
        if (value == 0) return (new string('0', precision + 1), 0);
        var exponent = (int)Math.Floor(Math.Log10(value));
        while (true)
        {
            var digits = Scale(value, precision - exponent).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == precision + 1) return (digits, exponent);
            exponent += digits.Length > precision + 1 ? 1 : -1;
        }
    }

    /// <summary>The value times a power of ten, rounded to a whole number, halves to even.</summary>
    private static BigInteger Scale(double value, int power)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = new BigInteger(bits & 0xFFFFFFFFFFFFFL);
        if (exponent == 0) exponent++;
        else mantissa += BigInteger.One << 52;
        exponent -= 1075;

        var numerator = mantissa * BigInteger.Pow(10, Math.Max(power, 0)) << Math.Max(exponent, 0);
        var denominator = BigInteger.Pow(10, Math.Max(-power, 0)) << Math.Max(-exponent, 0);
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        var half = (remainder * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static void Require(int precision)
    {
        if (precision > DigitsMax)
            throw TemplateException.Of($"a precision of {precision} digits is too high; {DigitsMax} is the limit.");
    }
}
