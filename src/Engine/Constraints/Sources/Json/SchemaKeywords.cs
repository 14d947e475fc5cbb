using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Which keywords of a schema are understood, and which say nothing about the value.</summary>
internal static class SchemaKeywords
{
    private static readonly HashSet<string> Understood =
    [
        "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems",
        "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "anyOf", "oneOf", "allOf", "$ref",
    ];

    private static readonly HashSet<string> Silent =
    [
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id",
        "$comment", "$defs", "definitions", "$anchor",
    ];

    private static readonly Dictionary<string, string> TypeByKeyword = new()
    {
        ["properties"] = "object", ["required"] = "object", ["additionalProperties"] = "object",
        ["items"] = "array", ["prefixItems"] = "array", ["minItems"] = "array", ["maxItems"] = "array",
        ["minLength"] = "string", ["maxLength"] = "string", ["pattern"] = "string", ["format"] = "string",
        ["minimum"] = "integer", ["maximum"] = "integer", ["exclusiveMinimum"] = "integer",
        ["exclusiveMaximum"] = "integer",
    };

    /// <summary>Refuses what is not understood.</summary>
    public static void Check(JsonObject schema, string pointer)
    {
        foreach (var (keyword, value) in schema)
        {
            if (Silent.Contains(keyword)) continue;
            if (!Understood.Contains(keyword))
                throw new GrammarException($"The schema's keyword {pointer}/{keyword} is not supported; leave it out.");
            if (value is null && keyword != "const")
                throw new GrammarException($"The schema's {pointer}/{keyword} is null, which says nothing; leave it "
                    + "out.");
        }
    }

    /// <summary>Whether a keyword says something about the value.</summary>
    public static bool Speaks(string keyword) => !Silent.Contains(keyword);

    /// <summary>The types that a schema names, or the one that its keywords are about; empty for any.</summary>
    public static string[] TypesOf(JsonObject schema, string pointer)
    {
        if (schema["type"] is { } type)
            return type is JsonArray several
                ? [.. several.Select(one => Text(one, $"{pointer}/type"))]
                : [Text(type, $"{pointer}/type")];
        return [.. schema.Select(pair => TypeByKeyword.GetValueOrDefault(pair.Key)).OfType<string>().Distinct()];
    }

    /// <summary>A text, or a refusal.</summary>
    public static string Text(JsonNode? node, string pointer) =>
        node is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new GrammarException($"The schema's {pointer} should be a string.");

    /// <summary>A list, empty if it is not there, or a refusal.</summary>
    public static JsonArray Array(JsonObject schema, string keyword, string pointer)
    {
        if (!schema.ContainsKey(keyword)) return [];
        return schema[keyword] as JsonArray
            ?? throw new GrammarException($"The schema's {pointer}/{keyword} should be a list.");
    }

    /// <summary>An object, empty if it is not there, or a refusal.</summary>
    public static JsonObject Object(JsonObject schema, string keyword, string pointer)
    {
        if (!schema.ContainsKey(keyword)) return [];
        return schema[keyword] as JsonObject
            ?? throw new GrammarException($"The schema's {pointer}/{keyword} should be an object.");
    }

    /// <summary>A count from 0 to a limit, or a refusal.</summary>
    public static int Count(JsonObject schema, string keyword, string pointer, int otherwise)
    {
        const int countMax = 1024;
        if (schema[keyword] is not { } node) return otherwise;
        if (node is not JsonValue value || !value.TryGetValue<double>(out var number) || number < 0
            || number != Math.Floor(number))
            throw new GrammarException($"The schema's {pointer}/{keyword} is no count.");
        return number <= countMax
            ? (int)number
            : throw new GrammarException($"The schema's {pointer}/{keyword} is {number}; {countMax} is the most.");
    }
}
