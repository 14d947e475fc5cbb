using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>Llama 3.1 to 3.3: the answer is the call, as JSON with <c>parameters</c>, or as Python.</summary>
internal sealed class Llama : ToolFormat
{
    private const string PythonTag = "<|python_tag|>";

    public override string Name => "llama3";

    public override IReadOnlyList<string> Openers { get; } = [PythonTag];

    public override IReadOnlyList<string> Silent { get; } = ["<|eom_id|>"];

    public override bool IsBare => true;

    public override bool IsSpokenBy(string template) =>
        template.Contains(PythonTag, StringComparison.Ordinal)
        || (template.Contains("\"parameters\"", StringComparison.Ordinal)
            && template.Contains("<|start_header_id|>", StringComparison.Ordinal));

    public override CallReader Open(string opener) => new PythonTagReader();

    public override CallReader? OpenBare(char first) => first switch
    {
        '{' => new JsonCallReader(),
        '[' => new PythonCallsReader(),
        _ => null,
    };

    protected override string Opening => "";

    protected override string Between => "; ";

    // Text that begins like a call would be read as one, and a call in Python cannot be held to a schema.
    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) =>
        CallsOrText(CallsOf(tools, callsMax), @"([^{\[\s;,<]|<[^|])([^<]|<[^|])*<?");

    protected override TaggedPart CallOf(ToolDefinition tool) => JsonCallOf(tool, "parameters");
}
