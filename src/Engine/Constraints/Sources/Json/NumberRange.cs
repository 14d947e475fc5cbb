using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>A bound of a range of numbers.</summary>
/// <param name="Value">The bound.</param>
/// <param name="IsExcluded">Whether the bound itself lies outside.</param>
internal readonly record struct NumberBound(decimal Value, bool IsExcluded);

/// <summary>Numbers between two bounds, as texts without exponents.</summary>
/// <remarks>
/// Any digits may follow a point where the whole unit lies between the bounds; where a bound cuts a unit, up to three.
/// </remarks>
internal static class NumberRange
{
    private static readonly Expression Fraction = Expression.Then(
        Expression.Text("."), new Expression.OneOf(CodePoints.Of(('0', '9'))).Times(1, 15));

    /// <summary>The numbers of a range; null when none can be written.</summary>
    public static Expression? Between(NumberBound least, NumberBound most)
    {
        List<Expression> ways = [];
        if (most.Value >= 0)
        {
            var from = least.Value < 0 ? new(0, false) : least;
            ways.AddRange(Positive(from, most));
        }
        if (least.Value < 0)
        {
            // Zero has no sign here.
            var from = most.Value < 0 ? new NumberBound(-most.Value, most.IsExcluded) : new(0, true);
            var negative = Positive(from, new(-least.Value, least.IsExcluded)).ToArray();
            if (negative.Length > 0) ways.Add(Expression.Then(Expression.Text("-"), new Expression.Either(negative)));
        }
        return ways.Count > 0 ? new Expression.Either(ways) : null;
    }

    private static IEnumerable<Expression> Positive(NumberBound least, NumberBound most)
    {
        var (low, high) = (AtLeast(least, 1), AtMost(most, 1));
        var wholeUnits = (long)decimal.Floor(most.Value) - 1;
        if (low <= high) yield return IntegerRange.Between(low, high)!;
        if (low <= wholeUnits) yield return Expression.Then(IntegerRange.Between(low, wholeUnits)!, Fraction);
        for (var (digits, scale) = (1, 10); digits <= 3; (digits, scale) = (digits + 1, 10 * scale))
        {
            if (low > least.Value && Part(low - 1, digits, scale, least, most) is { } first) yield return first;
            if (wholeUnits + 1 >= low && Part(wholeUnits + 1, digits, scale, least, most) is { } last)
                yield return last;
        }
    }

    /// <summary>What the bounds leave of one unit, with so many digits after the point.</summary>
    private static Expression? Part(long unit, int digits, int scale, NumberBound least, NumberBound most)
    {
        var from = Math.Max(0, AtLeast(least, scale) - scale * unit);
        var to = Math.Min(scale - 1, AtMost(most, scale) - scale * unit);
        return from > to
            ? null
            : Expression.Then(
                IntegerRange.Between(unit, unit)!, Expression.Text("."), IntegerRange.OfWidth(from, to, digits));
    }

    private static long AtLeast(NumberBound bound, int scale)
    {
        var value = bound.Value * scale;
        return (long)(bound.IsExcluded ? decimal.Floor(value) + 1 : decimal.Ceiling(value));
    }

    private static long AtMost(NumberBound bound, int scale)
    {
        var value = bound.Value * scale;
        return (long)(bound.IsExcluded ? decimal.Ceiling(value) - 1 : decimal.Floor(value));
    }
}
