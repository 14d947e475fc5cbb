using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Qwen3-Coder: a function and its parameters as tags, inside of <c>&lt;tool_call&gt;</c>.</summary>
internal sealed class QwenCoder : ToolFormat
{
    private static readonly Tag[] Tags =
    [
        new(TagPlace.Name, ">", TagPlace.Between),
        new(TagPlace.Between, "<parameter=", TagPlace.Key),
        new(TagPlace.Key, ">", TagPlace.Value),
        new(TagPlace.Value, "</parameter>", TagPlace.Between),
        new(TagPlace.Between, "</function>", TagPlace.End),
    ];

    public override string Name => "qwen3-coder";

    public override IReadOnlyList<string> Openers { get; } = ["<function="];

    public override IReadOnlyList<string> Silent { get; } = ["<tool_call>", "</tool_call>"];

    public override bool IsSpokenBy(string template) =>
        template.Contains("<function=", StringComparison.Ordinal)
        && template.Contains("<parameter=", StringComparison.Ordinal);

    public override CallReader Open(string opener) => new TaggedCallReader(Tags, TagPlace.Name);

    protected override string Opening => "<tool_call>\n<function=";

    protected override string Between => "\n</tool_call>\n<tool_call>\n<function=";

    protected override string FreeOpening => "<function=";

    protected override ToolDefinition Loosen(ToolDefinition tool) => tool.LoosenedByName();

    protected override TaggedPart CallOf(ToolDefinition tool) => TaggedCalls.Of(
        tool, $"{tool.Name}>\n", "<parameter=", ">\n", "\n</parameter>\n", "</function>");
}
