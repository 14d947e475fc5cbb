using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>gpt-oss: messages in channels; a call is a message to a function.</summary>
internal sealed class Harmony : ToolFormat
{
    public const string Start = "<|start|>", Channel = "<|channel|>", Message = "<|message|>";

    private const string Recipient = "to=functions.";

    private static readonly string[] _channels = ["", Channel + "commentary"];
    private static readonly string[] _kinds = [" <|constrain|>json", "<|constrain|>json", " json"];

    public override string Name => "harmony";

    public override IReadOnlyList<string> Openers { get; } =
        [Start, Channel, Message, "<|end|>", "<|call|>", "<|return|>"];

    public override IEnumerable<string> Marks => [.. Openers, "<|constrain|>"];

    public override bool IsSpokenBy(string template) => template.Contains(Channel, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new NamedCallReader(_ => null);

    public override IAnswerReader Read(AnswerParts parts) => new HarmonyReader(parts);

    public override bool NamesEveryPart => true;

    protected override string Opening => Channel + "commentary " + Recipient;

    protected override TaggedPart CallOf(ToolDefinition tool) =>
        new(tool.Name + " <|constrain|>json" + Message, tool.ArgumentsConstraint(), "");

    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) => Constraint.Tagged(
        new TaggedText([.. tools.SelectMany(FreeCallsOf)]) { Triggers = [Recipient], Most = callsMax });

    /// <summary>The recipient stands before the channel or behind it, and the mark of JSON may be missing.</summary>
    protected override IEnumerable<TaggedPart> FreeCallsOf(ToolDefinition tool) =>
        from channel in _channels
        from kind in _kinds
        select new TaggedPart(Recipient + tool.Name + channel + kind + Message, tool.ArgumentsConstraint(), "");
}
