using System.Text.Json;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields that describe tools and say whether they are used.</summary>
internal static class ToolFields
{
    /// <summary>Why no other tools are taken.</summary>
    public const string NoneOfItsOwn = "this server runs no tools of its own";

    private const int ToolsMax = 128, NameCharsMax = 64;

    /// <summary>The tools; none where there is no such field.</summary>
    public static IReadOnlyList<ToolDefinition> Read(JsonFields fields)
    {
        var tools = new List<ToolDefinition>();
        foreach (var element in fields.List("tools", ToolsMax))
        {
            var tool = new JsonFields(element, $"tools[{tools.Count}]");
            if (tool.NeedText("type") is not "function" and var other) throw tool.Unknown("type", other, "function");
            tools.Add(ReadFunction(tool.Object("function") ?? throw tool.Missing("function", "an object")));
        }
        RequireDistinct(tools);
        return tools;
    }

    /// <summary>Refuses two tools of one name.</summary>
    public static void RequireDistinct(IReadOnlyList<ToolDefinition> tools)
    {
        var twice = tools.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(it => it.Count() > 1);
        if (twice is not null) throw ApiFault.Invalid("tools", $"Two tools are called '{twice.Key}'.");
    }

    /// <summary>Refuses a choice that the tools cannot satisfy.</summary>
    public static ToolChoice Require(ToolChoice choice, IReadOnlyList<ToolDefinition> tools)
    {
        if (choice.Kind is ToolChoiceKind.Required or ToolChoiceKind.Named && tools.Count == 0)
            throw ApiFault.Invalid("tool_choice", "'tool_choice' is there and 'tools' is not; send both.");
        if (choice.Kind == ToolChoiceKind.Named && !tools.Any(tool => tool.Name == choice.Name))
            throw ApiFault.Invalid("tool_choice",
                $"'tool_choice' names '{JsonFields.Shortened(choice.Name)}', which is not in 'tools'.");
        return choice;
    }

    /// <summary>Whether they are used; automatically where there is no such field.</summary>
    public static ToolChoice ReadChoice(JsonFields fields, IReadOnlyList<ToolDefinition> tools)
    {
        if (!fields.TryGet("tool_choice", out var value)) return ToolChoice.Auto;
        var choice = value.ValueKind == JsonValueKind.Object
            ? ReadNamed(new JsonFields(value, "tool_choice"))
            : JsonFields.TextOf(value, "tool_choice") switch
            {
                "auto" => ToolChoice.Auto,
                "none" => ToolChoice.None,
                "required" => ToolChoice.Required,
                var other => throw fields.Unknown(
                    "tool_choice", other, "auto, none, required or an object that names a function"),
            };
        if (choice.Kind != ToolChoiceKind.None && tools.Count == 0)
            throw ApiFault.Invalid("tool_choice", "'tool_choice' is there and 'tools' is not; send both.");
        return Require(choice, tools);
    }

    /// <summary>A function's name, description and parameters.</summary>
    /// <param name="function">Describes it.</param>
    /// <param name="schemaField">Where the schema of its parameters is.</param>
    public static ToolDefinition ReadFunction(JsonFields function, string schemaField = "parameters")
    {
        var name = function.NeedText("name");
        if (name.Length is 0 or > NameCharsMax
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw ApiFault.Invalid(function.PathOf("name"), $"'{function.PathOf("name")}' has {name.Length} "
                + $"characters; 1 to {NameCharsMax} letters, digits, _ and - are needed.");
        JsonElement parameters = default;
        if (function.TryGet(schemaField, out var schema))
            parameters = schema.ValueKind == JsonValueKind.Object
                ? schema.Clone()
                : throw function.Wrong(schemaField, schema, "a JSON schema of an object");
        return new ToolDefinition(
            name, function.Text("description"), parameters, function.Flag("strict") ?? false);
    }

    private static ToolChoice ReadNamed(JsonFields choice)
    {
        if (choice.NeedText("type") is not "function" and var other) throw choice.Unknown("type", other, "function");
        var function = choice.Object("function") ?? throw choice.Missing("function", "an object with a name");
        return ToolChoice.Named(function.NeedText("name"));
    }
}
