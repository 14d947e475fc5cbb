using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Minka.Engine.Tests.Constraints;

/// <summary>Says whether a value is valid under a schema, straight from the words of draft 2020-12.</summary>
/// <remarks>Written apart from what it checks: it works on values, not on texts, and knows no automata.</remarks>
internal sealed class SchemaValidator(JsonNode root)
{
    public bool IsValid(JsonNode? value) => Holds(root, value);

    private bool Holds(JsonNode? schema, JsonNode? value)
    {
        if (schema is JsonValue always) return always.GetValue<bool>();
        var keywords = (JsonObject)schema!;
        return keywords.All(pair => Keyword(pair.Key, pair.Value, keywords, value));
    }

    private bool Keyword(string keyword, JsonNode? says, JsonObject schema, JsonNode? value)
    {
        if (says is null) return keyword != "const" || value is null;
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        return keyword switch
        {
            "type" => says is JsonArray types ? types.Any(type => IsType(type!, value)) : IsType(says, value),
            "const" => JsonNode.DeepEquals(says, value),
            "enum" => ((JsonArray)says).Any(one => JsonNode.DeepEquals(one, value)),
            "anyOf" or "oneOf" => ((JsonArray)says).Any(one => Holds(one, value)),
            "allOf" => ((JsonArray)says).All(one => Holds(one, value)),
            "$ref" => Holds(Find(says.GetValue<string>()), value),
            "properties" or "required" or "additionalProperties" =>
                kind != JsonValueKind.Object || OfObject(keyword, says, schema, (JsonObject)value!),
            "items" or "prefixItems" or "minItems" or "maxItems" =>
                kind != JsonValueKind.Array || OfArray(keyword, says, schema, (JsonArray)value!),
            "minLength" or "maxLength" or "pattern" or "format" =>
                kind != JsonValueKind.String || OfString(keyword, says, value!.GetValue<string>()),
            "minimum" => kind != JsonValueKind.Number || Number(value) >= Number(says),
            "maximum" => kind != JsonValueKind.Number || Number(value) <= Number(says),
            "exclusiveMinimum" => kind != JsonValueKind.Number || Number(value) > Number(says),
            "exclusiveMaximum" => kind != JsonValueKind.Number || Number(value) < Number(says),
            _ => true,
        };
    }

    private bool OfObject(string keyword, JsonNode says, JsonObject schema, JsonObject value) => keyword switch
    {
        "required" => ((JsonArray)says).All(name => value.ContainsKey(name!.GetValue<string>())),
        "properties" => ((JsonObject)says).All(
            pair => !value.ContainsKey(pair.Key) || Holds(pair.Value, value[pair.Key])),
        _ => value.All(pair => (schema["properties"] as JsonObject)?.ContainsKey(pair.Key) == true
            || Holds(says, pair.Value)),
    };

    private bool OfArray(string keyword, JsonNode says, JsonObject schema, JsonArray value) => keyword switch
    {
        "minItems" => value.Count >= Number(says),
        "maxItems" => value.Count <= Number(says),
        "prefixItems" => value.Zip((JsonArray)says).All(pair => Holds(pair.Second, pair.First)),
        _ => value.Skip((schema["prefixItems"] as JsonArray)?.Count ?? 0).All(item => Holds(says, item)),
    };

    private static bool OfString(string keyword, JsonNode says, string value) => keyword switch
    {
        "minLength" => value.EnumerateRunes().Count() >= Number(says),
        "maxLength" => value.EnumerateRunes().Count() <= Number(says),
        "pattern" => Regex.IsMatch(value, says.GetValue<string>(), RegexOptions.ECMAScript),
        _ => says.GetValue<string>() switch
        {
            "date" => DateOnly.TryParse(value, CultureInfo.InvariantCulture, out _)
                || value.StartsWith("0000", StringComparison.Ordinal),
            "uuid" => Guid.TryParseExact(value, "D", out _),
            "ipv4" => System.Net.IPAddress.TryParse(value, out var address) && address.ToString() == value,
            "date-time" => DateTimeOffset.TryParse(
                value.Replace("0000-", "0001-", StringComparison.Ordinal), CultureInfo.InvariantCulture, out _)
                || value.Contains("0001-01-01", StringComparison.Ordinal) || OffsetTooFar(value),
            "time" => OffsetTooFar(value) || DateTimeOffset.TryParse(
                "2024-06-15T" + value, CultureInfo.InvariantCulture, out _),
            _ => false,
        },
    };

    // RFC 3339 allows offsets up to 23:59, the platform up to 14:00.
    private static bool OffsetTooFar(string value) => Regex.IsMatch(value, "[+-](1[4-9]|2[0-3]):[0-5][0-9]$");

    private static bool IsType(JsonNode type, JsonNode? value)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        return type.GetValue<string>() switch
        {
            "object" => kind == JsonValueKind.Object,
            "array" => kind == JsonValueKind.Array,
            "string" => kind == JsonValueKind.String,
            "number" => kind == JsonValueKind.Number,
            "integer" => kind == JsonValueKind.Number && double.IsInteger(Number(value)),
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            _ => kind == JsonValueKind.Null,
        };
    }

    private JsonNode? Find(string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)root, (node, part) => node![part]);

    private static double Number(JsonNode? node) => double.Parse(node!.ToJsonString(), CultureInfo.InvariantCulture);
}
