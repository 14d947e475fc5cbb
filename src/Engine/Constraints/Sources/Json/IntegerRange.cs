using System.Globalization;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Integers between two bounds, as texts without leading zeros.</summary>
internal static class IntegerRange
{
    /// <summary>Numbers of more than 15 digits are not written.</summary>
    public const long Most = 999_999_999_999_999;

    /// <summary>The integers of <c>[least, most]</c>; null when there are none.</summary>
    public static Expression? Between(long least, long most)
    {
        (least, most) = (Math.Max(least, -Most), Math.Min(most, Most));
        if (least > most) return null;

        List<Expression> ways = [];
        if (least < 0)
        {
            var (from, to) = (Math.Max(1, -most), -least);
            ways.Add(Expression.Then(Expression.Text("-"), Positive(from, to)));
        }
        if (most >= 0) ways.Add(Positive(Math.Max(0, least), most));
        return new Expression.Either(ways);
    }

    /// <summary>The integers of <c>[least, most]</c> with so many digits, zeros in front if need be.</summary>
    public static Expression OfWidth(long least, long most, int width) =>
        SameWidth(Text(least, width), Text(most, width));

    private static Expression.Either Positive(long least, long most)
    {
        List<Expression> ways = [];
        for (long first = 0, last = 9; first <= most; (first, last) = (last + 1, last * 10 + 9))
        {
            var (from, to) = (Math.Max(first, least), Math.Min(last, most));
            if (from > to) continue;
            var width = last.ToString(CultureInfo.InvariantCulture).Length;
            ways.Add(OfWidth(from, to, width));
        }
        return new(ways);
    }

    private static string Text(long number, int width) =>
        number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');

    private static Expression SameWidth(string least, string most)
    {
        if (least.Length == 0) return Expression.Empty;
        if (least.All(digit => digit == '0') && most.All(digit => digit == '9'))
            return Digit('0', '9').Times(least.Length, least.Length);
        if (least[0] == most[0]) return Expression.Then(Digit(least[0], least[0]), SameWidth(least[1..], most[1..]));

        var (zeros, nines) = (new string('0', least.Length - 1), new string('9', least.Length - 1));
        List<Expression> ways =
        [
            Expression.Then(Digit(least[0], least[0]), SameWidth(least[1..], nines)),
            Expression.Then(Digit(most[0], most[0]), SameWidth(zeros, most[1..])),
        ];
        if (least[0] + 1 < most[0])
            ways.Add(Expression.Then(Digit((char)(least[0] + 1), (char)(most[0] - 1)), SameWidth(zeros, nines)));
        return new Expression.Either(ways);
    }

    private static Expression.OneOf Digit(char first, char last) => new(CodePoints.Of((first, last)));
}
