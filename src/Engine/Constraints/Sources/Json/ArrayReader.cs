using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Arrays of a schema: certain items first, then any number of others, within bounds.</summary>
internal sealed class ArrayReader(JsonTexts texts, Func<JsonNode?, string, Expression> read)
{
    private const int PrefixMax = 256;

    public Expression Read(JsonObject schema, string pointer)
    {
        var prefix = SchemaKeywords.Array(schema, "prefixItems", pointer);
        if (prefix.Count > PrefixMax)
            throw new GrammarException($"The schema's {pointer}/prefixItems has {prefix.Count} items; "
                + $"{PrefixMax} may be.");
        var least = SchemaKeywords.Count(schema, "minItems", pointer, 0);
        var most = SchemaKeywords.Count(schema, "maxItems", pointer, Expression.Unbounded);
        var others = Others(schema, pointer);
        if (others is null) most = Math.Min(most, prefix.Count);
        if (least > most)
            throw new GrammarException($"The schema's {pointer} asks for {least} items and allows {most}.");

        var comma = Expression.Then(texts.Space, Expression.Text(","), texts.Space);
        var items = Rest(0);
        return Expression.Then(Expression.Text("["), texts.Space, items, Expression.Text("]"));

        Expression Rest(int index)
        {
            if (index == most) return index == 0 ? Expression.Empty : texts.Space;
            if (index >= prefix.Count && index > 0)
            {
                var left = most == Expression.Unbounded ? most : most - index;
                return Expression.Then(
                    Expression.Then(comma, others!).Times(Math.Max(0, least - index), left), texts.Space);
            }
            var item = index < prefix.Count ? read(prefix[index], $"{pointer}/prefixItems/{index}") : others!;
            var more = Expression.Then(index == 0 ? Expression.Empty : comma, item, Rest(index + 1));
            return index < least ? more : Expression.Any(more, index == 0 ? Expression.Empty : texts.Space);
        }
    }

    private Expression? Others(JsonObject schema, string pointer)
    {
        var items = schema["items"];
        if (items is JsonValue value && value.TryGetValue<bool>(out var allowed) && !allowed) return null;
        // A rule of its own, since it may be repeated many times.
        return new Rule($"{pointer}/items") { Body = read(items ?? true, $"{pointer}/items") }.Call();
    }
}
