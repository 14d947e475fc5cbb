using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Automata;
using Minka.Engine.Constraints.Grammars;
using Minka.Engine.Constraints.Sources.Json;
using Minka.Models.Loading;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Reads a JSON schema of draft 2020-12 as the rule of the values it describes.</summary>
/// <remarks>Fewer values may be generated than the schema allows, never others; <c>docs/constraints.md</c> says
/// which.</remarks>
internal sealed class JsonSchemaReader
{
    private const int DepthMax = 32;

    private readonly JsonNode? _root;
    private readonly JsonTexts _texts;
    private readonly ObjectReader _objects;
    private readonly ArrayReader _arrays;
    private readonly Dictionary<string, Rule> _ruleByPointer = [];
    private readonly Queue<Rule> _open = [];
    private readonly CompileBudget _budget = new();
    private readonly SchemaMerge _merge;
    private int _depth;

    private JsonSchemaReader(JsonNode? root, JsonTexts texts)
    {
        (_root, _texts) = (root, texts);
        _merge = new SchemaMerge(_budget);
        _objects = new ObjectReader(_texts, Read);
        _arrays = new ArrayReader(_texts, Read);
    }

    /// <summary>The rule of a schema.</summary>
    /// <param name="source">The schema.</param>
    /// <param name="texts">What its values are made of; several schemas may share it.</param>
    public static Rule Read(string source, JsonTexts texts)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(source, documentOptions: new() { MaxDepth = 128, AllowDuplicateProperties = false });
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            var what = error is JsonException fault ? JsonFault.Of(fault) : error.Message.TrimEnd('.');
            throw new GrammarException($"The schema is no JSON: {what}.");
        }
        try
        {
            var reader = new JsonSchemaReader(root, texts);
            var rule = reader.RuleOf("#");
            while (reader._open.TryDequeue(out var next)) next.Body = reader.Read(reader.Find(next.Name), next.Name);
            return rule;
        }
        catch (Exception error) when (
            error is InvalidCastException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new GrammarException($"The schema has a value of the wrong type: {error.Message}");
        }
    }

    private Expression Read(JsonNode? node, string pointer)
    {
        _budget.Spend(300);
        if (++_depth > DepthMax)
            throw new GrammarException($"The schema is deeper than {DepthMax} levels at {pointer}.");
        try
        {
            if (node is JsonValue value && value.TryGetValue<bool>(out var allowed))
                return allowed ? _texts.Any : throw new GrammarException($"Nothing matches the schema's {pointer}.");
            return node is JsonObject schema
                ? ReadObject(schema, pointer)
                : throw new GrammarException($"The schema's {pointer} should be an object, true or false.");
        }
        finally
        {
            _depth--;
        }
    }

    private Expression ReadObject(JsonObject schema, string pointer)
    {
        SchemaKeywords.Check(schema, pointer);
        if (schema.ContainsKey("$ref") && !schema.Any(pair => pair.Key != "$ref" && SchemaKeywords.Speaks(pair.Key)))
            return RuleOf(SchemaKeywords.Text(schema["$ref"], $"{pointer}/$ref")).Call();
        if (schema.ContainsKey("$ref") || schema.ContainsKey("allOf"))
            return Read(Flatten(schema, pointer) ?? throw Nothing(pointer), pointer);
        if (schema.ContainsKey("anyOf")) return ReadBranches(schema, "anyOf", pointer);
        if (schema.ContainsKey("oneOf")) return ReadBranches(schema, "oneOf", pointer);
        if (schema.ContainsKey("const") || schema.ContainsKey("enum")) return ReadValues(schema, pointer);

        var types = SchemaKeywords.TypesOf(schema, pointer);
        if (types.Length == 0) return _texts.Any;
        return Expression.Any([.. types.Select(type => ReadType(type, schema, pointer))]);
    }

    private static GrammarException Nothing(string pointer) => new($"Nothing matches the schema's {pointer}.");

    private Rule RuleOf(string reference)
    {
        if (_ruleByPointer.TryGetValue(reference, out var rule)) return rule;
        _ruleByPointer.Add(reference, rule = new Rule(reference));
        _open.Enqueue(rule);
        return rule;
    }

    /// <summary>What a local reference points to.</summary>
    private JsonNode? Find(string reference)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
            throw new GrammarException($"The schema refers to '{reference}'; only references within it, "
                + "'#/...', are followed.");
        var node = _root;
        foreach (var part in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            node = node switch
            {
                JsonObject fields when fields.ContainsKey(name) => fields[name],
                JsonArray items when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && index < items.Count => items[index],
                _ => throw new GrammarException($"The schema refers to '{reference}', which it does not have."),
            };
        }
        return node;
    }

    /// <summary>A schema with its reference and its <c>allOf</c> made part of it; null when they contradict each
    /// other.</summary>
    private JsonObject? Flatten(JsonObject schema, string pointer, int depth = 0)
    {
        if (depth > DepthMax) throw new GrammarException($"The schema refers in a circle at {pointer}.");
        _budget.Spend(20 * SchemaMerge.SizeOf(schema));
        List<JsonNode?> parts = [];
        var merged = (JsonObject)schema.DeepClone();
        if (merged.Remove("$ref")) parts.Add(Find(SchemaKeywords.Text(schema["$ref"], $"{pointer}/$ref")));
        if (merged.Remove("allOf")) parts.AddRange(SchemaKeywords.Array(schema, "allOf", pointer));
        foreach (var part in parts)
        {
            if (part is JsonValue value)
            {
                if (!value.GetValue<bool>()) return null;
                continue;
            }
            if (part is not JsonObject other)
                throw new GrammarException($"The schema's {pointer}/allOf holds no schema.");
            SchemaKeywords.Check(other, pointer);
            if (other.ContainsKey("$ref") || other.ContainsKey("allOf"))
            {
                if (Flatten(other, pointer, depth + 1) is not { } flat) return null;
                other = flat;
            }
            if (_merge.Both(merged, other, pointer) is not { } both) return null;
            merged = both;
        }
        return merged;
    }

    /// <summary>Alternatives, each together with what stands beside them; those that contradict it are left
    /// out.</summary>
    private Expression.Either ReadBranches(JsonObject schema, string keyword, string pointer)
    {
        var rest = (JsonObject)schema.DeepClone();
        rest.Remove(keyword);
        _budget.Spend(20 * SchemaMerge.SizeOf(schema));
        List<Expression> ways = [];
        foreach (var (index, branch) in SchemaKeywords.Array(schema, keyword, pointer).Index())
        {
            var at = $"{pointer}/{keyword}/{index}";
            if (!rest.Any(pair => SchemaKeywords.Speaks(pair.Key))) ways.Add(Read(branch, at));
            else if (branch is JsonObject other)
            {
                SchemaKeywords.Check(other, at);
                var flat = other.ContainsKey("$ref") || other.ContainsKey("allOf") ? Flatten(other, at) : other;
                if (flat is not null && _merge.Both(rest, flat, at) is { } both) ways.Add(Read(both, at));
            }
            else if (branch is JsonValue value && value.GetValue<bool>()) ways.Add(Read(rest, at));
        }
        return ways.Count > 0 ? new Expression.Either(ways) : throw Nothing(pointer);
    }

    private static Expression.Either ReadValues(JsonObject schema, string pointer)
    {
        foreach (var (keyword, _) in schema)
            if (SchemaKeywords.Speaks(keyword) && keyword is not ("const" or "enum" or "type"))
                throw new GrammarException($"The schema's {pointer}/{keyword} beside listed values is not supported.");
        var listed = SchemaKeywords.Array(schema, "enum", pointer);
        IEnumerable<JsonNode?> values = schema.ContainsKey("enum") ? listed : new[] { schema["const"] };
        if (schema.ContainsKey("const")) values = values.Where(value => JsonNode.DeepEquals(value, schema["const"]));
        if (schema.ContainsKey("type"))
        {
            var types = SchemaKeywords.TypesOf(schema, pointer);
            values = values.Where(value => types.Any(type => IsOfType(value, type)));
        }
        Expression[] texts = [.. values.Select(ValueText)];
        return texts.Length > 0 ? new(texts) : throw Nothing(pointer);
    }

    private static bool IsOfType(JsonNode? value, string type) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => type == "null",
        JsonValueKind.String => type == "string",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        _ => type == "number" || (type == "integer" && double.IsInteger(value.GetValue<double>())),
    };

    private static Expression ValueText(JsonNode? value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer);
        return new Expression.Literal(buffer.WrittenMemory);
    }

    private Expression ReadType(string type, JsonObject schema, string pointer) => type switch
    {
        "object" => Named($"{pointer} object", () => _objects.Read(schema, pointer)),
        "array" => Named($"{pointer} array", () => _arrays.Read(schema, pointer)),
        "string" => ScalarReader.Strings(schema, pointer, _texts),
        "integer" => ScalarReader.Integers(schema, pointer),
        "number" => ScalarReader.Numbers(schema, pointer),
        "boolean" => JsonTexts.Boolean,
        "null" => JsonTexts.Null,
        _ => throw new GrammarException($"The schema's {pointer}/type is '{type}', which is no type of JSON."),
    };

    private static Expression Named(string name, Func<Expression> body) => new Rule(name) { Body = body() }.Call();
}
