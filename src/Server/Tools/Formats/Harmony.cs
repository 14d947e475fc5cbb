using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>gpt-oss: messages in channels; a call is a message to a function.</summary>
internal sealed class Harmony : ToolFormat
{
    public const string Start = "<|start|>", Channel = "<|channel|>", Message = "<|message|>";

    public override string Name => "harmony";

    public override IReadOnlyList<string> Openers { get; } =
        [Start, Channel, Message, "<|end|>", "<|call|>", "<|return|>"];

    public override IEnumerable<string> Marks => [.. Openers, "<|constrain|>"];

    public override bool IsSpokenBy(string template) => template.Contains(Channel, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new NamedCallReader(_ => null);

    public override IAnswerReader Read(AnswerParts parts) => new HarmonyReader(parts);

    protected override string Opening => Channel + "commentary to=functions.";

    protected override TaggedPart CallOf(ToolDefinition tool) =>
        new(tool.Name + " <|constrain|>json" + Message, tool.ArgumentsConstraint(), "");
}
