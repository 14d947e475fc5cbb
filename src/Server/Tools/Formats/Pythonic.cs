using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Llama 4 and others: the answer is a list of calls in Python.</summary>
internal sealed class Pythonic : ToolFormat
{
    private const string PythonStart = "<|python_start|>", PythonEnd = "<|python_end|>";

    public override string Name => "pythonic";

    public override IReadOnlyList<string> Openers => [];

    public override IReadOnlyList<string> Silent { get; } = [PythonStart, PythonEnd];

    public override bool IsBare => true;

    public override bool IsSpokenBy(string template) =>
        template.Contains(PythonStart, StringComparison.Ordinal)
        || template.Contains("[func_name1(", StringComparison.Ordinal);

    public override CallReader Open(string opener) => new PythonCallsReader();

    public override CallReader? OpenBare(char first) => first == '[' ? new PythonCallsReader() : null;

    protected override string Opening => "[";

    protected override string Between => ", ";

    protected override string Closing => "]";

    // Text with a mark in it could go on with calls.
    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) => CallsOrText(
        Constraint.Sequence(
            Constraint.Optional(Constraint.Choice([PythonStart])), Constraint.Choice([Opening]),
            CallsOf(tools, callsMax),
            Constraint.Choice([Closing]), Constraint.Optional(Constraint.Choice([PythonEnd]))),
        @"([^\[\s;,<]|<[^|])([^<]|<[^|])*<?");

    protected override ToolDefinition Loosen(ToolDefinition tool) => tool.LoosenedByName();

    /// <summary>Numbers and texts are written alike in JSON and in Python; true and false are read in both
    /// ways.</summary>
    protected override TaggedPart CallOf(ToolDefinition tool)
    {
        List<Constraint> parts = [];
        foreach (var (name, schema, isRequired) in tool.Arguments().OrderBy(argument => !argument.IsRequired))
        {
            var one = Constraint.Sequence(
                Constraint.Choice([$"{(parts.Count == 0 ? "" : ", ")}{name}="]), tool.ArgumentConstraint(schema));
            parts.Add(isRequired ? one : Constraint.Optional(one));
            // Without a required one the comma between two has no place of its own, so only the first may come.
            if (parts.Count == 1 && !isRequired) break;
        }
        return new(tool.Name + "(", Constraint.Sequence(parts), ")");
    }
}
