using System.CommandLine;
using System.Globalization;
using Minka.Cli.Machines;
using Minka.Cli.Measuring;
using Minka.Cli.Options;

namespace Minka.Cli.Verbs;

/// <summary>How well a model predicts a text.</summary>
internal sealed class PerplexityVerb : IVerb
{
    private const int WindowByDefault = 512;
    private const int RowsPerStep = 64; // rows of logits are as wide as the vocabulary: more would only cost memory

    private readonly Terminal _terminal;

    private readonly ModelFlags _modelFlags = new(
        context: "Tokens of a window, up to the model's context; 0 is all of that (default: 512).");

    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object.");

    private readonly Argument<string?> _file = new("file")
    {
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The text; - is standard input. It is read in windows of --ctx tokens that know nothing of each "
            + "other; the first token of a window is not predicted.",
    };

    public PerplexityVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_file);
    }

    public Command Command { get; } = new("perplexity",
        "Measure how well a model predicts a text.");

    public IReadOnlyList<OptionGroup> Groups => [new("Output", [_json]), _modelFlags.Group, _modelFlags.Machines];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka perplexity book.txt -m model.gguf", "mean negative log-likelihood and perplexity"),
        new("minka perplexity book.txt -m model.gguf --quantize q4_0", "what quantising loses"),
        new("head -c 20000 book.txt | minka perplexity - -m folder/ --compute f32 --json", "the reference arithmetic"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var file = parse.GetValue(_file)
            ?? throw new UsageException("There is no text to predict; name a file, or - for standard input.");
        var text = TextInput.Read(file, _terminal);
        var choice = _modelFlags.Read(parse, null);
        if (choice.Context is 1)
            throw new UsageException("--ctx is 1; a window needs 2 tokens, one to predict the other.");
        using var open = Composition.Open(choice, _terminal, new ModelRoom(null, RowsPerStep, RowsPerStep)
        {
            Usual = WindowByDefault,
        });
        var window = open.Positions;
        var tokens = open.Package.Tokenizer.Encode(text, addSpecial: false, parseSpecial: false);
        if (tokens.Length < 2)
            throw new UsageException($"The text has {tokens.Length} tokens; it needs 2, one to predict the other.");

        var score = Perplexity.Score(open.Model, tokens, window, Show, cancellation);
        if (_terminal.IsErrorSeen) _terminal.Error.Write("\r\e[K");
        _terminal.Out.WriteLine(parse.GetValue(_json) ? ForPrograms(open, score, window) : ForPeople(score, window));
        await new ClusterRun(open, choice.Cluster, _terminal).EndAsync();
        return ExitCodes.Ok;

        void Show(PerplexityScore soFar)
        {
            if (_terminal.IsErrorSeen) _terminal.Error.Write(string.Create(CultureInfo.InvariantCulture,
                $"\r\e[K{soFar.Tokens} of {tokens.Length} tokens, perplexity {soFar.Perplexity:F3}"));
        }
    }

    private static string ForPeople(PerplexityScore score, int window) => string.Create(CultureInfo.InvariantCulture,
        $"""
        perplexity  {score.Perplexity:F4}
        mean NLL    {score.Mean:F6}
        predicted   {score.Predicted} of {score.Tokens} tokens, in windows of {window}
        """);

    private static string ForPrograms(OpenModel open, PerplexityScore score, int window) => Json.WriteObject(json =>
    {
        json.WriteString("model", open.Name);
        json.WriteNumber("perplexity", score.Perplexity);
        json.WriteNumber("mean_nll", score.Mean);
        json.WriteNumber("tokens", score.Tokens);
        json.WriteNumber("predicted", score.Predicted);
        json.WriteNumber("window", window);
    });
}
