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
            if (both[keyword] is not { } own) both[keyword] = value?.DeepClone();
            else if (!JsonNode.DeepEquals(own, value))
            {
                if (Combine(keyword, own, value!, pointer) is not { } combined) return null;
                both[keyword] = combined;
            }
        }
        return Close(both, left, right) ? both : null;
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

    /// <summary>A schema that allows no additional properties forbids those that only the other one names.</summary>
    private static bool Close(JsonObject both, JsonObject left, JsonObject right)
    {
        foreach (var closed in (JsonObject[])[left, right])
        {
            if (closed["additionalProperties"] is not JsonValue value || value.GetValue<bool>()) continue;
            var own = closed["properties"] as JsonObject;
            if (both["properties"] is not JsonObject properties) continue;
            foreach (var name in properties.Select(pair => pair.Key).ToArray())
            {
                if (own is not null && own.ContainsKey(name)) continue;
                properties.Remove(name);
                if (both["required"] is JsonArray required
                    && required.Any(one => one is JsonValue text && text.GetValue<string>() == name)) return false;
            }
        }
        return true;
    }
}
