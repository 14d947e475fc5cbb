using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Automata;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Two schemas that must both hold, as one.</summary>
internal sealed class SchemaMerge(CompileBudget budget)
{
    private const int BranchesMax = 64;

    /// <summary>The schema of values that both describe; null when there are none.</summary>
    /// <param name="left">A schema without <c>$ref</c> beside other keywords.</param>
    /// <param name="right">Another one.</param>
    /// <param name="pointer">Where it is, for messages.</param>
    public JsonObject? Both(JsonObject left, JsonObject right, string pointer)
    {
        budget.Spend(100 + 20 * SizeOf(left) + 20 * SizeOf(right));
        var both = (JsonObject)left.DeepClone();
        foreach (var (keyword, value) in right)
        {
            if (!SchemaKeywords.Speaks(keyword)) continue;
            if (!both.TryGetPropertyValue(keyword, out var own)) both[keyword] = value?.DeepClone();
            else if (!JsonNode.DeepEquals(own, value))
            {
                if (own is null || value is null || Combine(keyword, own, value, pointer) is not { } combined)
                    return null;
                both[keyword] = combined;
            }
        }
        AddItems(both, left, right, pointer);
        AddItems(both, right, left, pointer);
        return AddProperties(both, left, right, pointer) && AddProperties(both, right, left, pointer) ? both : null;
    }

    /// <summary>Values in a node, itself included.</summary>
    public static int SizeOf(JsonNode? node) => node switch
    {
        JsonObject schema => 1 + schema.Sum(pair => SizeOf(pair.Value)),
        JsonArray several => 1 + several.Sum(SizeOf),
        _ => 1,
    };

    private JsonNode? Combine(string keyword, JsonNode left, JsonNode right, string pointer) => keyword switch
    {
        "type" => Types(left, right),
        "enum" => Common((JsonArray)left, (JsonArray)right),
        "const" => null,
        "required" => Union((JsonArray)left, (JsonArray)right),
        "properties" => Properties((JsonObject)left, (JsonObject)right, pointer),
        "items" or "additionalProperties" => Schemas(left, right, $"{pointer}/{keyword}"),
        "allOf" => new JsonArray([.. ((JsonArray)left).Concat((JsonArray)right).Select(one => one?.DeepClone())]),
        "anyOf" or "oneOf" => Branches((JsonArray)left, (JsonArray)right, pointer),
        "minimum" or "exclusiveMinimum" or "minLength" or "minItems" => Number(left, right, Math.Max),
        "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems" => Number(left, right, Math.Min),
        _ => throw new GrammarException($"The schema asks at {pointer} for two different values of {keyword} at once."),
    };

    private static JsonArray? Types(JsonNode left, JsonNode right)
    {
        var (own, other) = (Names(left), Names(right));
        // An integer is a number.
        var common = own.Where(other.Contains).ToList();
        var isInteger = (own.Contains("number") && other.Contains("integer"))
            || (own.Contains("integer") && other.Contains("number"));
        if (isInteger && !common.Contains("number") && !common.Contains("integer")) common.Add("integer");
        return common.Count == 0 ? null : new JsonArray([.. common.Select(name => (JsonNode)name)]);
    }

    private static string[] Names(JsonNode node) => node is JsonArray several
        ? [.. several.Select(one => SchemaKeywords.Text(one, "type"))]
        : [SchemaKeywords.Text(node, "type")];

    private static JsonArray? Common(JsonArray left, JsonArray right)
    {
        var common = left.Where(one => right.Any(other => JsonNode.DeepEquals(one, other))).ToArray();
        return common.Length == 0 ? null : new JsonArray([.. common.Select(one => one?.DeepClone())]);
    }

    private static JsonArray Union(JsonArray left, JsonArray right)
    {
        var extra = right.Where(one => !left.Any(other => JsonNode.DeepEquals(one, other)));
        return [.. left.Concat(extra).Select(one => one?.DeepClone())];
    }

    private JsonObject Properties(JsonObject left, JsonObject right, string pointer)
    {
        var both = (JsonObject)left.DeepClone();
        foreach (var (name, schema) in right)
            both[name] = both.ContainsKey(name)
                ? Schemas(both[name]!, schema!, $"{pointer}/properties/{name}") ?? JsonValue.Create(false)
                : schema?.DeepClone();
        return both;
    }

    /// <summary>Two schemas either of which may be true or false.</summary>
    private JsonNode? Schemas(JsonNode left, JsonNode right, string pointer) => (left, right) switch
    {
        (JsonObject own, JsonObject other) => Later(own, other) ?? Both(own, other, pointer),
        (JsonValue own, _) => own.GetValue<bool>() ? right.DeepClone() : JsonValue.Create(false),
        (_, JsonValue other) => other.GetValue<bool>() ? left.DeepClone() : JsonValue.Create(false),
        _ => throw new GrammarException($"The schema's {pointer} is no schema."),
    };

    /// <summary>References are followed when they are read, which may be never.</summary>
    private static JsonObject? Later(JsonObject left, JsonObject right) =>
        left.ContainsKey("$ref") || right.ContainsKey("$ref")
            ? new JsonObject { ["allOf"] = new JsonArray(left.DeepClone(), right.DeepClone()) }
            : null;

    private JsonArray? Branches(JsonArray left, JsonArray right, string pointer)
    {
        if (left.Count * right.Count > BranchesMax)
            throw new GrammarException($"The schema has at {pointer} more than {BranchesMax} ways to combine "
                + "alternatives.");
        JsonNode[] pairs =
        [
            .. from own in left
               from other in right
               let both = Schemas(own!, other!, pointer)
               where both is not null
               select both,
        ];
        return pairs.Length == 0 ? null : [.. pairs];
    }

    private static JsonValue Number(JsonNode left, JsonNode right, Func<double, double, double> choose) =>
        JsonValue.Create(choose(left.GetValue<double>(), right.GetValue<double>()));

    /// <summary>What one schema says of all properties that it does not name holds for those that the other one
    /// names.</summary>
    /// <returns>False when one of these is required and cannot be.</returns>
    private bool AddProperties(JsonObject both, JsonObject one, JsonObject other, string pointer)
    {
        if (one["additionalProperties"] is not { } additional
            || other["properties"] is not JsonObject named) return true;
        var (own, properties) = (one["properties"] as JsonObject, (JsonObject)both["properties"]!);
        foreach (var (name, _) in named)
        {
            if (own is not null && own.ContainsKey(name)) continue;
            var value = Schemas(properties[name]!, additional, $"{pointer}/properties/{name}");
            properties[name] = value ?? JsonValue.Create(false);
            if (IsNever(value) && both["required"] is JsonArray required
                && required.Any(text => SchemaKeywords.Text(text, $"{pointer}/required") == name)) return false;
        }
        return true;
    }

    /// <summary>What one schema says of all items holds for those too that the other one lists first.</summary>
    private void AddItems(JsonObject both, JsonObject one, JsonObject other, string pointer)
    {
        if (one["items"] is not { } items || one.ContainsKey("prefixItems")
            || other["prefixItems"] is not JsonArray listed) return;
        var prefix = new JsonArray();
        both["prefixItems"] = prefix;
        foreach (var (index, item) in listed.Index())
        {
            var value = Schemas(item!, items, $"{pointer}/prefixItems/{index}");
            if (!IsNever(value)) prefix.Add(value);
            else
            {
                // Nothing can stand here, so the list ends before.
                both["items"] = JsonValue.Create(false);
                return;
            }
        }
    }

    private static bool IsNever([NotNullWhen(false)] JsonNode? schema) =>
        schema is null || (schema is JsonValue allowed && !allowed.GetValue<bool>());
}
