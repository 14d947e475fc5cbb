using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields that say what a text must look like: OpenAI's <c>response_format</c>, vLLM's
/// <c>structured_outputs</c> and <c>guided_*</c>, llama.cpp's <c>grammar</c> and <c>json_schema</c>.</summary>
internal static class ConstraintFields
{
    private const int ChoicesMax = 1000;

    /// <summary>Reads the one that is there, and what it is called; null for none.</summary>
    /// <exception cref="ApiFault">There are several.</exception>
    public static (string Field, Constraint? Constraint) Read(JsonFields fields)
    {
        var found = new List<(string Field, Constraint Constraint)>();
        if (fields.Object("response_format") is { } format && ReadFormat(format) is { } wanted)
            found.Add(("response_format", wanted));
        if (fields.Object("structured_outputs") is { } outputs && !Collect(outputs, "", found))
            throw ApiFault.Invalid("structured_outputs",
                "'structured_outputs' says no form; json, json_object, regex, choice or grammar is needed.");
        Collect(fields, "guided_", found);
        if (fields.TryGet("json_schema", out var schema)) found.Add(("json_schema", Json(schema, "json_schema")));
        if (fields.Text("grammar") is { } grammar) found.Add(("grammar", Constraint.Grammar(grammar)));
        if (fields.Text("regex") is { } regex) found.Add(("regex", Constraint.Regex(regex)));
        return found.Count switch
        {
            0 => ("", null),
            1 => found[0],
            _ => throw ApiFault.Invalid(found[1].Field,
                $"'{found[0].Field}' and '{found[1].Field}' both say what the text must look like; send one."),
        };
    }

    private static Constraint? ReadFormat(JsonFields format)
    {
        switch (format.NeedText("type"))
        {
            case "text": return null;
            case "json_object": return Constraint.JsonObject;
            case "json_schema":
                var named = format.Object("json_schema") ?? throw format.Missing("json_schema", "an object");
                return named.TryGet("schema", out var schema)
                    ? Json(schema, named.PathOf("schema"))
                    : throw named.Missing("schema", "a JSON schema");
            case var other:
                throw format.Unknown("type", other, "text, json_object or json_schema");
        }
    }

    /// <returns>Whether there is one.</returns>
    private static bool Collect(JsonFields fields, string prefix, List<(string, Constraint)> found)
    {
        var before = found.Count;
        if (fields.TryGet($"{prefix}json", out var schema))
            found.Add((fields.PathOf($"{prefix}json"), Json(schema, fields.PathOf($"{prefix}json"))));
        if (fields.Text($"{prefix}regex") is { } regex)
            found.Add((fields.PathOf($"{prefix}regex"), Constraint.Regex(regex)));
        if (fields.Text($"{prefix}grammar") is { } grammar)
            found.Add((fields.PathOf($"{prefix}grammar"), Constraint.Grammar(grammar)));
        if (fields.Flag($"{prefix}json_object") == true)
            found.Add((fields.PathOf($"{prefix}json_object"), Constraint.JsonObject));
        if (!fields.Has($"{prefix}choice")) return found.Count > before;
        var path = fields.PathOf($"{prefix}choice");
        var texts = fields.List($"{prefix}choice", ChoicesMax).Select(text => JsonFields.TextOf(text, path)).ToList();
        if (texts.Count == 0) throw ApiFault.Invalid(path, $"'{path}' is empty; at least one text is needed.");
        found.Add((path, Constraint.Choice(texts)));
        return true;
    }

    // vLLM takes a schema as an object or as its text.
    private static Constraint Json(JsonElement schema, string path) => schema.ValueKind switch
    {
        JsonValueKind.String => Constraint.JsonSchema(JsonFields.TextOf(schema, path)),
        JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False => Constraint.JsonSchema(schema.GetRawText()),
        _ => throw ApiFault.Invalid(path, $"'{path}' is {JsonFields.Kind(schema)}; a JSON schema is needed."),
    };
}
