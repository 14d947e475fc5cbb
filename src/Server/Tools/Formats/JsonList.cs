using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>A JSON array of calls behind a mark: Mistral Nemo, Granite 3, Phi-4-mini, Nemotron.</summary>
/// <param name="name">For people.</param>
/// <param name="mark">Stands before the array, in the template too.</param>
/// <param name="end">Stands behind it; none when empty.</param>
/// <param name="hasShortIds">Whether calls need ids of nine letters and digits.</param>
internal sealed class JsonList(string name, string mark, string end, bool hasShortIds) : ToolFormat
{
    public override string Name => name;

    public override IReadOnlyList<string> Openers { get; } = [mark];

    public override IReadOnlyList<string> Silent { get; } = end.Length > 0 ? [end] : [];

    public override bool HasShortIds => hasShortIds;

    public override bool IsSpokenBy(string template) => template.Contains(mark, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new JsonCallsReader();

    protected override string Opening => mark + "[";

    protected override string Between => ", ";

    protected override string Closing => "]";

    protected override string End => end;

    /// <summary>The whole array is one part.</summary>
    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) => Constraint.Tagged(
        new TaggedText([new(Opening, Constraint.Sequence(CallsOf(tools, callsMax)), Closing + End)])
        {
            Triggers = [mark],
            Most = 1,
        });

    protected override TaggedPart CallOf(ToolDefinition tool) => JsonCallOf(tool, "arguments");
}
