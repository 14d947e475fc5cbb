using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Functionary 3.1 and Llama 3.1's own prompt format: the name in a tag, then JSON.</summary>
internal sealed class Functionary : ToolFormat
{
    public override string Name => "functionary";

    public override IReadOnlyList<string> Openers { get; } = ["<function="];

    public override IReadOnlyList<string> Silent { get; } = ["</function>", "<|eom_id|>"];

    public override bool IsSpokenBy(string template) => template.Contains("<function=", StringComparison.Ordinal);

    public override CallReader Open(string opener) =>
        new NamedCallReader(head => head.EndsWith('>') ? head[..^1].Trim() : null);

    protected override string Between => "</function>\n<function=";

    protected override string End => "</function>";

    protected override TaggedPart CallOf(ToolDefinition tool) =>
        new(tool.Name + ">", tool.ArgumentsConstraint(), "");
}
