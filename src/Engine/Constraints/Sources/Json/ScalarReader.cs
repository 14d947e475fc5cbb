using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Strings and numbers of a schema.</summary>
internal static class ScalarReader
{
    public static Expression Strings(JsonObject schema, string pointer, JsonTexts texts)
    {
        var hasLength = schema.ContainsKey("minLength") || schema.ContainsKey("maxLength");
        if (schema.ContainsKey("pattern") || schema.ContainsKey("format"))
        {
            if (hasLength || (schema.ContainsKey("pattern") && schema.ContainsKey("format")))
                throw new GrammarException($"The schema's {pointer} binds a string by more than one of pattern, "
                    + "format and length; one is supported.");
            return Matching(schema, pointer);
        }
        if (!hasLength) return texts.String;

        var least = SchemaKeywords.Count(schema, "minLength", pointer, 0);
        var most = SchemaKeywords.Count(schema, "maxLength", pointer, Expression.Unbounded);
        if (least > most)
            throw new GrammarException($"The schema's {pointer} asks for {least} characters and allows {most}.");
        return JsonTexts.Quoted(texts.Character.Times(least, most));
    }

    public static Expression Integers(JsonObject schema, string pointer)
    {
        var (least, most) = (Bound(schema, "minimum", pointer), Bound(schema, "maximum", pointer));
        var (above, below) = (Bound(schema, "exclusiveMinimum", pointer), Bound(schema, "exclusiveMaximum", pointer));
        if ((least ?? most ?? above ?? below) is null) return JsonTexts.Integer;

        var from = Math.Max(Math.Ceiling(least ?? double.MinValue), Math.Floor(above ?? double.MinValue) + 1);
        var to = Math.Min(Math.Floor(most ?? double.MaxValue), Math.Ceiling(below ?? double.MaxValue) - 1);
        return IntegerRange.Between(Whole(from), Whole(to))
            ?? throw new GrammarException($"No integer lies between the bounds of the schema's {pointer}.");
    }

    public static Expression Numbers(JsonObject schema, string pointer)
    {
        var (least, above) = (Bound(schema, "minimum", pointer), Bound(schema, "exclusiveMinimum", pointer));
        var (most, below) = (Bound(schema, "maximum", pointer), Bound(schema, "exclusiveMaximum", pointer));
        if ((least ?? most ?? above ?? below) is null) return JsonTexts.Number;

        var from = above is { } over && !(least > over) ? BoundOf(over, true) : BoundOf(least ?? -Infinite, false);
        var to = below is { } under && !(most < under) ? BoundOf(under, true) : BoundOf(most ?? Infinite, false);

        // Numbers have as many digits as are written, and what lies past them cannot be.
        var canBe = from.Value <= IntegerRange.Most && to.Value >= -IntegerRange.Most;
        if (from.Value < -IntegerRange.Most) from = new(-IntegerRange.Most, false);
        if (to.Value > IntegerRange.Most) to = new(IntegerRange.Most, false);
        return (canBe ? NumberRange.Between(from, to) : null)
            ?? throw new GrammarException($"No number lies between the bounds of the schema's {pointer}.");
    }

    private const double Infinite = double.MaxValue;

    private static NumberBound BoundOf(double value, bool isExcluded) =>
        new((decimal)Math.Clamp(value, -IntegerRange.Most - 1, IntegerRange.Most + 1), isExcluded);

    private static Expression Matching(JsonObject schema, string pointer)
    {
        string pattern;
        if (schema.ContainsKey("pattern")) pattern = SchemaKeywords.Text(schema["pattern"], $"{pointer}/pattern");
        else
        {
            var format = SchemaKeywords.Text(schema["format"], $"{pointer}/format");
            if (!JsonFormats.Patterns.TryGetValue(format, out pattern!))
                throw new GrammarException($"The schema's {pointer}/format is '{format}'; supported are "
                    + $"{string.Join(", ", JsonFormats.Patterns.Keys)}.");
        }
        return JsonTexts.Quoted(RegexReader.ReadUnanchored(pattern, JsonTexts.OneOf));
    }

    private static double? Bound(JsonObject schema, string keyword, string pointer)
    {
        if (!schema.ContainsKey(keyword)) return null;
        return schema[keyword] is JsonValue value && value.TryGetValue<double>(out var number)
            ? number
            : throw new GrammarException($"The schema's {pointer}/{keyword} should be a number.");
    }

    private static long Whole(double bound) => (long)Math.Clamp(bound, -IntegerRange.Most - 1, IntegerRange.Most + 1);
}
