using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Mistral Small 3.2 and later: name, maybe an id, arguments.</summary>
internal sealed class Mistral : ToolFormat
{
    private const string Arguments = "[ARGS]";

    public override string Name => "mistral";

    public override IReadOnlyList<string> Openers { get; } = ["[TOOL_CALLS]"];

    public override bool HasShortIds => true;

    public override bool IsSpokenBy(string template) =>
        template.Contains("[TOOL_CALLS]", StringComparison.Ordinal)
        && template.Contains(Arguments, StringComparison.Ordinal);

    public override CallReader Open(string opener) =>
        new NamedCallReader(head => head.Split(Arguments)[0].Split("[CALL_ID]")[0].Trim());

    protected override string Between => "[TOOL_CALLS]";

    protected override TaggedPart CallOf(ToolDefinition tool) =>
        new(tool.Name + Arguments, tool.ArgumentsConstraint(), "");
}
