using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools;

/// <summary>How a family of models writes calls. It is found in the model's chat template, so no flag is
/// needed.</summary>
internal abstract class ToolFormat
{
    private const int CallsMax = 16;

    /// <summary>For people.</summary>
    public abstract string Name { get; }

    /// <summary>Texts that begin a call, or several in one pair of brackets.</summary>
    public abstract IReadOnlyList<string> Openers { get; }

    /// <summary>Texts around calls that mean nothing to clients.</summary>
    public virtual IReadOnlyList<string> Silent => [];

    /// <summary>Texts that may be tokens of their own.</summary>
    public virtual IEnumerable<string> Marks => Openers.Concat(Silent);

    /// <summary>Whether its template puts arguments into the text as they are, instead of writing an object as
    /// JSON.</summary>
    public virtual bool WantsArgumentsAsText => false;

    /// <summary>Whether calls need ids of nine letters and digits.</summary>
    public virtual bool HasShortIds => false;

    /// <summary>Whether a chat template speaks of this format.</summary>
    public abstract bool IsSpokenBy(string template);

    /// <summary>Reads what follows an opener.</summary>
    public abstract CallReader Open(string opener);

    /// <summary>Whether an answer may begin with a call that nothing announces.</summary>
    public virtual bool IsBare => false;

    /// <summary>Reads an answer that begins with a call as it is; null when none begins like this.</summary>
    public virtual CallReader? OpenBare(char first) => null;

    /// <summary>Every part of an answer says what it is, text too, so that answers are read even where there are no
    /// tools.</summary>
    public virtual bool NamesEveryPart => false;

    /// <summary>Splits an answer into its parts.</summary>
    public virtual IAnswerReader Read(AnswerParts parts) => new ToolCallReader(this, parts);

    /// <summary>Makes the model call one of some tools.</summary>
    /// <param name="tools">At least one.</param>
    /// <param name="isParallel">Whether it may be more than one call.</param>
    public ForcedCall Force(IReadOnlyList<ToolDefinition> tools, bool isParallel)
    {
        var calls = CallsOf(tools, isParallel ? CallsMax : 1);
        return new(Opening, Closing.Length == 0
            ? calls : Constraint.Sequence(calls, Constraint.Choice([Closing])));
    }

    /// <summary>Leaves the model free to call or not, and holds it to the schemas of strict tools where it does; null
    /// where no tool is strict.</summary>
    public Constraint? Guide(IReadOnlyList<ToolDefinition> tools, bool isParallel) =>
        tools.Any(tool => tool.IsStrict)
            ? Guide([.. tools.Select(tool => tool.IsStrict ? tool : Loosen(tool))], isParallel ? int.MaxValue : 1)
            : null;

    /// <summary>Free text, in which calls are held to what the tools say.</summary>
    /// <param name="tools">At least one.</param>
    /// <param name="callsMax">1, or <see cref="int.MaxValue"/>: to count calls takes states.</param>
    protected virtual Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) => Constraint.Tagged(
        new TaggedText([.. tools.SelectMany(FreeCallsOf)]) { Triggers = [Openers[0]], Most = callsMax });

    /// <summary>Ways to write a call within free text; each begins with the first opener.</summary>
    protected virtual IEnumerable<TaggedPart> FreeCallsOf(ToolDefinition tool)
    {
        var call = CallOf(tool);
        yield return call with { Begin = FreeOpening + call.Begin, End = call.End + Closing + End };
    }

    /// <summary>The tool with as little said about its arguments as the format allows.</summary>
    protected virtual ToolDefinition Loosen(ToolDefinition tool) => tool.Loosened();

    /// <summary>Calls one after the other and nothing else.</summary>
    protected Constraint CallsOf(IReadOnlyList<ToolDefinition> tools, int callsMax) => Constraint.Tagged(
        new TaggedText([.. tools.Select(CallOf)])
        {
            Least = 1,
            Most = Between.Length > 0 ? callsMax : 1,
            Separator = Between,
        });

    /// <summary>Calls that nothing announces, or text that cannot be taken for one.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="text">A regular expression.</param>
    protected static Constraint CallsOrText(Constraint calls, string text) =>
        Constraint.Sequence(Constraint.Optional(calls), Constraint.Optional(Constraint.Regex(text)));

    /// <summary>What stands before the first call.</summary>
    protected virtual string Opening => Openers[0];

    /// <summary>What stands between two calls; none when there is only one.</summary>
    protected virtual string Between => "";

    /// <summary>What stands behind the last call and belongs to it.</summary>
    protected virtual string Closing => "";

    /// <summary>What begins a call within free text, where the section around all calls is text too.</summary>
    protected virtual string FreeOpening => Opening;

    /// <summary>What a model writes behind a call when nothing forces it to.</summary>
    protected virtual string End => "";

    /// <summary>A call of a tool.</summary>
    protected abstract TaggedPart CallOf(ToolDefinition tool);

    /// <summary><c>{"name": N, "arguments": {..}}</c>.</summary>
    protected static TaggedPart JsonCallOf(ToolDefinition tool, string arguments) =>
        new($"{{\"name\": \"{tool.Name}\", \"{arguments}\": ", tool.ArgumentsConstraint(), "}");
}

/// <summary>How a call is forced.</summary>
/// <param name="Opening">Stands behind the prompt, and is given to the answer's parser first, as if the model had
/// written it.</param>
/// <param name="Rest">What the model must write.</param>
internal sealed record ForcedCall(string Opening, Constraint Rest);
