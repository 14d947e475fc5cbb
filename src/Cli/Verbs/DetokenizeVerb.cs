using System.CommandLine;
using System.Globalization;
using Minka.Cli.Options;

namespace Minka.Cli.Verbs;

/// <summary>Token ids to text.</summary>
internal sealed class DetokenizeVerb : IVerb
{
    private static readonly char[] _separators = [' ', '\t', '\r', '\n', ',', '[', ']'];

    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();
    private readonly Option<bool> _skip = Flag.Switch(["--skip-special"], "Leave out tokens that are not text.");

    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object: text.");

    private readonly Argument<string[]> _ids = new("ids")
    {
        HelpName = "ID...",
        Description = "Token ids, with spaces or commas between (default: standard input).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public DetokenizeVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_ids);
    }

    public Command Command { get; } = new("detokenize", "Turn token ids into text.");

    public IReadOnlyList<OptionGroup> Groups => [new("Tokens", [_skip, _json]), _modelFlags.Files];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka detokenize 1005 7", "ids of the built-in model"),
        new("minka tokenize \"There and back\" | minka detokenize", "the text again"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        using var package = Composition.OpenPackage(_modelFlags.Read(parse, null));
        var words = parse.GetValue(_ids) is { Length: > 0 } given ? string.Join(' ', given) : ReadPipe();
        var ids = words.Split(_separators, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => ReadId(word, package.Tokenizer.VocabularySize)).ToArray();
        var text = package.Tokenizer.Decode(ids, parse.GetValue(_skip));
        _terminal.Out.WriteLine(
            parse.GetValue(_json) ? Json.WriteObject(json => json.WriteString("text", text)) : text);
        return Task.FromResult(ExitCodes.Ok);
    }

    private static int ReadId(string word, int vocabulary) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < vocabulary
            ? id
            : throw new UsageException($"'{word}' is no token id; the model's ids are 0 to {vocabulary - 1}.");

    private string ReadPipe() => _terminal.IsInputTyped
        ? throw new UsageException("There are no ids; write them, or pipe them in.")
        : TextInput.ReadPipe(_terminal);
}
