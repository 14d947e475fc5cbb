using System.Text.Json.Nodes;

namespace Minka.Engine.Tests.Constraints;

/// <summary>Writes random schemas of the supported kind, every keyword among them.</summary>
internal sealed class SchemaWriter(Random random)
{
    private static readonly string[] Names = ["a", "ab", "name", "é", "x y", "q\"", "a/b~c"];

    public JsonNode Write() =>
        new JsonObject
        {
            ["$defs"] = new JsonObject { ["item"] = Any(2), ["tree"] = Tree() },
            ["anyOf"] = new JsonArray(Any(3), Any(3)),
        };

    private static JsonObject Tree() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["children"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["$ref"] = "#/$defs/tree" },
            },
        },
    };

    private JsonNode Any(int levels) => random.Next(levels > 0 ? 12 : 7) switch
    {
        0 => Integer(),
        1 => Number(),
        2 => String(),
        3 => new JsonObject { ["enum"] = new JsonArray("é\n", 1.5, null, true, new JsonArray(1), "") },
        4 => new JsonObject { ["const"] = new JsonObject { ["k"] = random.Next(5) } },
        5 => new JsonObject { ["type"] = new JsonArray("boolean", "null", "integer") },
        6 => true,
        7 or 8 => Object(levels),
        9 => Array(levels),
        10 => new JsonObject { ["$ref"] = random.Next(2) == 0 && levels == 3 ? "#/$defs/item" : "#/$defs/tree" },
        _ => Both(levels),
    };

    private JsonObject Number()
    {
        var schema = new JsonObject { ["type"] = "number" };
        var least = random.Next(-20_000, 20_000) / Math.Pow(10, random.Next(5));
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = least;
        var most = least + 0.01 + random.Next(500) / Math.Pow(10, random.Next(3));
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = Math.Round(most, 6);
        return schema;
    }

    private JsonObject Integer()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        var least = random.Next(-2000, 2000) * (random.Next(3) == 0 ? 100_000L : 1);
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = least;
        var most = least + 2 + random.Next(500);
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = most;
        return schema;
    }

    private JsonObject String()
    {
        var schema = new JsonObject { ["type"] = "string" };
        switch (random.Next(4))
        {
            case 0:
                schema["minLength"] = random.Next(4);
                schema["maxLength"] = 4 + random.Next(9);
                break;
            case 1:
                string[] patterns = ["^[a-c\"\\\\]+$", "x", "^(?:ab|\\d{2,4})?-", "[^a]b$", "^$"];
                schema["pattern"] = patterns[random.Next(patterns.Length)];
                break;
            case 2:
                string[] formats = ["date", "time", "date-time", "uuid", "ipv4"];
                schema["format"] = formats[random.Next(formats.Length)];
                break;
        }
        return schema;
    }

    private JsonObject Object(int levels)
    {
        var names = Names.Where(_ => random.Next(2) == 0).ToArray();
        var properties = names.Select(name => KeyValuePair.Create(name, (JsonNode?)Any(levels - 1)));
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(properties),
            ["required"] = new JsonArray([.. names.Where(_ => random.Next(2) == 0).Select(name => (JsonNode)name)]),
        };
        if (random.Next(2) == 0) schema["additionalProperties"] = random.Next(2) == 0 ? false : Any(levels - 1);
        return schema;
    }

    private JsonObject Array(int levels)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (random.Next(2) == 0) schema["items"] = Any(levels - 1);
        if (random.Next(3) == 0) schema["prefixItems"] = new JsonArray(Any(levels - 1), Any(levels - 1));
        if (random.Next(2) == 0) schema["minItems"] = random.Next(4);
        if (random.Next(2) == 0) schema["maxItems"] = 4 + random.Next(4);
        return schema;
    }

    /// <summary>Two objects at once, and alternatives beside something.</summary>
    private JsonObject Both(int levels)
    {
        var left = random.Next(4) == 0 ? Array(levels) : Object(levels);
        if (random.Next(2) == 0) left.Remove("additionalProperties");
        var right = random.Next(4) switch
        {
            0 => new JsonObject { ["additionalProperties"] = Any(levels - 1) },
            1 => new JsonObject { ["items"] = Any(levels - 1) },
            _ => new JsonObject { ["properties"] = new JsonObject { ["more"] = Any(levels - 1) } },
        };
        if (random.Next(2) == 0) return new() { ["allOf"] = new JsonArray(left, right) };
        right["type"] = left["type"]!.DeepClone();
        right["anyOf"] = new JsonArray(left);
        return right;
    }
}
