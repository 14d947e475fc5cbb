using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Hermes, Qwen2.5, Qwen3, minka-tiny: JSON objects between <c>&lt;tool_call&gt;</c> and its end.</summary>
internal sealed class Hermes : ToolFormat
{
    public override string Name => "hermes";

    public override IReadOnlyList<string> Openers { get; } = ["<tool_call>"];

    public override IReadOnlyList<string> Silent { get; } = ["</tool_call>"];

    public override bool IsSpokenBy(string template) => template.Contains("<tool_call>", StringComparison.Ordinal);

    public override CallReader Open(string opener) => new JsonCallReader();

    protected override string Opening => "<tool_call>\n";

    protected override string Between => "\n</tool_call>\n<tool_call>\n";

    protected override string End => "\n</tool_call>";

    protected override TaggedPart CallOf(ToolDefinition tool) => JsonCallOf(tool, "arguments");
}
