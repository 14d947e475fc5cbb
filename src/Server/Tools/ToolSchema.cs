using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Server.Generating;

namespace Minka.Server.Tools;

/// <summary>What a tool's schema says of its arguments.</summary>
internal static class ToolSchema
{
    private static readonly JsonElement AnyObject = JsonDocument.Parse("""{"type":"object"}""").RootElement;

    /// <summary>The tool without a word about its arguments.</summary>
    public static ToolDefinition Loosened(this ToolDefinition tool) => tool with { Parameters = AnyObject };

    /// <summary>The tool with the names of its arguments and which of them are text, and no other word about
    /// them.</summary>
    public static ToolDefinition LoosenedByName(this ToolDefinition tool)
    {
        var schema = JsonText.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            foreach (var (name, _, _) in tool.Arguments())
            {
                json.WriteStartObject(name);
                if (tool.IsText(name)) json.WriteString("type", "string");
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        });
        using var document = JsonDocument.Parse(schema);
        return tool with { Parameters = document.RootElement.Clone() };
    }

    /// <summary>The schema of its arguments; of any object where it has none.</summary>
    public static JsonElement ParametersOrAny(this ToolDefinition tool) =>
        tool.Parameters.ValueKind == JsonValueKind.Object ? tool.Parameters : AnyObject;

    /// <summary>The arguments: a JSON object of the tool's schema.</summary>
    public static Constraint ArgumentsConstraint(this ToolDefinition tool)
    {
        var schema = tool.ParametersOrAny();
        return Constraint.JsonSchema(schema.TryGetProperty("type", out _) ? schema.GetRawText() : JsonText.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            foreach (var field in schema.EnumerateObject()) field.WriteTo(json);
            json.WriteEndObject();
        }));
    }

    /// <summary>Arguments by name, and whether each must be given.</summary>
    public static IEnumerable<(string Name, JsonElement Schema, bool IsRequired)> Arguments(this ToolDefinition tool)
    {
        if (!TryGet(tool.Parameters, "properties", JsonValueKind.Object, out var properties)) yield break;
        var names = TryGet(tool.Parameters, "required", JsonValueKind.Array, out var required)
            ? required.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String)
                .Select(name => name.GetString()).ToHashSet()
            : [];
        foreach (var property in properties.EnumerateObject())
            yield return (property.Name, property.Value, names.Contains(property.Name));
    }

    /// <summary>One argument, with the definitions of the whole schema, to which it may refer.</summary>
    public static Constraint ArgumentConstraint(this ToolDefinition tool, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object) return Constraint.JsonSchema(schema.GetRawText());
        var definitions = tool.Parameters.EnumerateObject().Where(field => field.Name is "$defs" or "definitions");
        return Constraint.JsonSchema(JsonText.Write(json =>
        {
            json.WriteStartObject();
            foreach (var field in schema.EnumerateObject().Concat(definitions)) field.WriteTo(json);
            json.WriteEndObject();
        }));
    }

    /// <summary>Whether the schema says that an argument is text and nothing else.</summary>
    public static bool IsText(this ToolDefinition tool, string argument) =>
        TryGet(tool.Parameters, "properties", JsonValueKind.Object, out var properties)
        && TryGet(properties, argument, JsonValueKind.Object, out var schema)
        && TryGet(schema, "type", JsonValueKind.String, out var type) && type.ValueEquals("string");

    private static bool TryGet(JsonElement holder, string name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out value)
            && value.ValueKind == kind;
    }
}
