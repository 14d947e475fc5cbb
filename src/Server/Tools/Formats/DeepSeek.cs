using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>DeepSeek: a kind, a name and a fence of JSON between marks of their own (R1, V3), or the name and JSON
/// (V3.1).</summary>
internal sealed class DeepSeek : ToolFormat
{
    private const string Calls = "<｜tool▁calls▁begin｜>", Call = "<｜tool▁call▁begin｜>", Separator = "<｜tool▁sep｜>";
    private const string CallEnd = "<｜tool▁call▁end｜>";

    public override string Name => "deepseek";

    public override IReadOnlyList<string> Openers { get; } = [Call];

    public override IReadOnlyList<string> Silent { get; } = [Calls, "```" + CallEnd, CallEnd, "<｜tool▁calls▁end｜>"];

    public override bool WantsArgumentsAsText => true;

    public override bool IsSpokenBy(string template) => template.Contains(Calls, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new NamedCallReader(head => head.Split(Separator) switch
    {
        [var kind, var name] when kind.Trim() == "function" => name.Split('\n')[0].Trim(),
        [var name, var rest] when string.IsNullOrWhiteSpace(rest) => name.Trim(),
        _ => null,
    });

    protected override string Opening => Calls + Call + "function" + Separator;

    protected override string Between => "\n```" + CallEnd + "\n" + Call + "function" + Separator;

    protected override string Closing => "\n```" + CallEnd;

    /// <summary>As R1 and V3 write it, or as V3.1 does.</summary>
    protected override IEnumerable<TaggedPart> FreeCallsOf(ToolDefinition tool) =>
    [
        .. base.FreeCallsOf(tool),
        new(Call + tool.Name + Separator, tool.ArgumentsConstraint(), CallEnd),
    ];

    protected override string FreeOpening => Call + "function" + Separator;

    protected override TaggedPart CallOf(ToolDefinition tool) =>
        new(tool.Name + "\n```json\n", tool.ArgumentsConstraint(), "");
}
