using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Functionary 3.2: every part of an answer names whom it is for, <c>&gt;&gt;&gt;all</c> or a function, and
/// goes on in the next line. The template has written the first mark already.</summary>
internal sealed class FunctionaryRecipients : ToolFormat
{
    /// <summary>Stands before a recipient.</summary>
    public const string Mark = ">>>";

    /// <summary>The recipient of text.</summary>
    public const string Everybody = "all";

    public override string Name => "functionary-3.2";

    public override IReadOnlyList<string> Openers { get; } = [Mark];

    public override bool NamesEveryPart => true;

    public override bool IsSpokenBy(string template) =>
        template.Contains(Mark + Everybody, StringComparison.Ordinal);

    public override CallReader Open(string opener) => new NamedCallReader(head => head.Trim());

    public override IAnswerReader Read(AnswerParts parts) => new RecipientReader(parts);

    protected override string Opening => "";

    protected override string Between => Mark;

    protected override TaggedPart CallOf(ToolDefinition tool) => new(tool.Name + "\n", tool.ArgumentsConstraint(), "");

    /// <summary>Parts for everybody are free until the next mark.</summary>
    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax)
    {
        var text = Constraint.Regex("([^>]|>[^>]|>>[^>])*>?>?");
        // One call at most stands alone or behind a text.
        if (callsMax == 1)
            text = Constraint.Sequence(
                text, Constraint.Optional(Constraint.Choice([Mark]), CallsOf(tools, callsMax)));
        return Constraint.Tagged(new TaggedText([.. tools.Select(CallOf), new(Everybody + "\n", text, "")])
        {
            Least = 1,
            Most = callsMax,
            Separator = Mark,
        });
    }
}
