using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Server.Generating;

namespace Minka.Server.Tools.Formats;

/// <summary>What calls with tags look like: arguments in the schema's order, those not required may be left
/// out.</summary>
internal static class TaggedCalls
{
    public static TaggedPart Of(
        ToolDefinition tool, string before, string beforeKey, string beforeValue, string afterValue, string after)
    {
        var arguments = tool.Arguments().Select(argument =>
        {
            var one = Constraint.Sequence(
                Constraint.Choice([beforeKey + argument.Name + beforeValue]),
                ValueOf(tool, argument.Name, argument.Schema),
                Constraint.Choice([afterValue]));
            return argument.IsRequired ? one : Constraint.Optional(one);
        });
        return new(before, Constraint.Sequence(arguments), after);
    }

    /// <summary>Text stands as it is, so what ends it cannot be in it; all else is JSON.</summary>
    private static Constraint ValueOf(ToolDefinition tool, string name, JsonElement schema)
    {
        if (!tool.IsText(name)) return tool.ArgumentConstraint(schema);
        if (!schema.TryGetProperty("enum", out var values) || values.ValueKind != JsonValueKind.Array)
            return Constraint.Regex("[^<]*");
        return Constraint.Choice([.. values.EnumerateArray()
            .Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)]);
    }
}
