using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Kimi K2: a section of calls, each with an id <c>functions.N:i</c>.</summary>
internal sealed class Kimi : ToolFormat
{
    private const string Section = "<|tool_calls_section_begin|>", Call = "<|tool_call_begin|>";
    private const string Arguments = "<|tool_call_argument_begin|>", CallEnd = "<|tool_call_end|>";

    public override string Name => "kimi";

    public override IReadOnlyList<string> Openers { get; } = [Call];

    public override IReadOnlyList<string> Silent { get; } = [Section, CallEnd, "<|tool_calls_section_end|>"];

    public override bool IsSpokenBy(string template) => template.Contains(Section, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new NamedCallReader(head =>
    {
        var id = head.Split(Arguments)[0].Trim();
        if (id.StartsWith("functions.", StringComparison.Ordinal)) id = id["functions.".Length..];
        var colon = id.LastIndexOf(':');
        return colon > 0 ? id[..colon] : id;
    });

    protected override string Opening => Section + Call + "functions.";

    protected override string Between => CallEnd + Call + "functions.";

    protected override string FreeOpening => Call + "functions.";

    protected override TaggedPart CallOf(ToolDefinition tool) => new(
        tool.Name + ":",
        Constraint.Sequence(
            Constraint.Regex("[0-9]{1,3}"), Constraint.Choice([Arguments]), tool.ArgumentsConstraint()),
        "");
}
