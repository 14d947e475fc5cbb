using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>GLM 4.5 and 4.6: the name, then keys and values between tags.</summary>
internal sealed class Glm : ToolFormat
{
    private static readonly Tag[] Tags =
    [
        new(TagPlace.Name, "<arg_key>", TagPlace.Key),
        new(TagPlace.Name, "</tool_call>", TagPlace.End),
        new(TagPlace.Key, "</arg_key>", TagPlace.BeforeValue),
        new(TagPlace.BeforeValue, "<arg_value>", TagPlace.Value),
        new(TagPlace.Value, "</arg_value>", TagPlace.Between),
        new(TagPlace.Between, "<arg_key>", TagPlace.Key),
        new(TagPlace.Between, "</tool_call>", TagPlace.End),
    ];

    public override string Name => "glm";

    public override IReadOnlyList<string> Openers { get; } = ["<tool_call>"];

    public override bool IsSpokenBy(string template) => template.Contains("<arg_key>", StringComparison.Ordinal);

    public override CallReader Open(string opener) => new TaggedCallReader(Tags, TagPlace.Name);

    protected override string Between => "\n<tool_call>";

    protected override ToolDefinition Loosen(ToolDefinition tool) => tool.LoosenedByName();

    protected override TaggedPart CallOf(ToolDefinition tool) => TaggedCalls.Of(
        tool, $"{tool.Name}\n", "<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>\n", "</tool_call>");
}
