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

    /// <summary>Splits an answer into its parts.</summary>
    public virtual IAnswerReader Read(AnswerParts parts) => new ToolCallReader(this, parts);

    /// <summary>Makes the model call one of some tools.</summary>
    /// <param name="tools">At least one.</param>
    /// <param name="isParallel">Whether it may be more than one call.</param>
    public ForcedCall Force(IReadOnlyList<ToolDefinition> tools, bool isParallel)
    {
        var calls = Constraint.Tagged(new TaggedText([.. tools.Select(CallOf)])
        {
            Least = 1,
            Most = isParallel && Between.Length > 0 ? CallsMax : 1,
            Separator = Between,
        });
        return new(Opening, Closing.Length == 0
            ? calls : Constraint.Sequence(calls, Constraint.Choice([Closing])));
    }

    /// <summary>Leaves the model free to call or not, and holds it to the schemas of strict tools where it does; null
    /// where no tool is strict.</summary>
    public Constraint? Guide(IReadOnlyList<ToolDefinition> tools, bool isParallel)
    {
        if (IsBare || Openers.Count > 1 || !tools.Any(tool => tool.IsStrict)) return null;
        var calls = tools.Select(tool => CallOf(tool.IsStrict ? tool : tool.Loosened()));
        return Constraint.Tagged(new TaggedText(
            [.. calls.Select(call => call with { Begin = Opening + call.Begin, End = call.End + Closing + End })])
        {
            Triggers = [Openers[0]],
            Most = isParallel ? CallsMax : 1,
        });
    }

    /// <summary>What stands before the first call.</summary>
    protected virtual string Opening => Openers[0];

    /// <summary>What stands between two calls; none when there is only one.</summary>
    protected virtual string Between => "";

    /// <summary>What stands behind the last call and belongs to it.</summary>
    protected virtual string Closing => "";

    /// <summary>What a model writes behind its calls when nothing forces it to.</summary>
    protected virtual string End => "\n";

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
