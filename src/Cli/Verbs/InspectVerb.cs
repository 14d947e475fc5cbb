using System.CommandLine;
using Minka.Cli.Inspecting;
using Minka.Cli.Options;

namespace Minka.Cli.Verbs;

/// <summary>What is in a model's files.</summary>
internal sealed class InspectVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();
    private readonly Option<bool> _tensors = Flag.Switch(["--tensors"], "List every tensor.");
    private readonly Option<bool> _template = Flag.Switch(["--template"], "Print the chat template alone.");
    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object with everything.");
    private readonly Argument<string?> _model = ModelFlags.Argument();

    public InspectVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_model);
    }

    public Command Command { get; } =
        new("inspect", "Show what is in a model's files: sizes, types, tokenizer, template.");

    public IReadOnlyList<OptionGroup> Groups => [new("What to show", [_tensors, _template, _json]), _modelFlags.Files];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka inspect model.gguf", "an overview"),
        new("minka inspect folder/ --tensors", "every tensor with its shape and type"),
        new("minka inspect model.gguf --template > template.jinja", "the chat template as a file"),
        new("minka inspect --json", "the built-in model, for a program"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var choice = _modelFlags.Read(parse, parse.GetValue(_model));
        using var inspection = Inspection.Open(choice);
        if (parse.GetValue(_json)) _terminal.Out.WriteLine(InspectionJson.Write(inspection));
        else if (parse.GetValue(_template)) _terminal.Out.WriteLine(inspection.TemplateText ?? throw new UsageException(
            $"'{choice.Name}' has no chat template."));
        else InspectionText.Write(inspection, parse.GetValue(_tensors), _terminal);
        return Task.FromResult(ExitCodes.Ok);
    }
}
