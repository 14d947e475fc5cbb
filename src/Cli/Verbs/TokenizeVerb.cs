using System.CommandLine;
using System.Globalization;
using System.Text;
using Minka.Cli.Options;
using Minka.Models.Tokenization;

namespace Minka.Cli.Verbs;

/// <summary>Text to token ids.</summary>
internal sealed class TokenizeVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();
    private readonly Option<bool> _special = Flag.Switch(["--special"], "Add what the model puts around a text.");
    private readonly Option<bool> _plain = Flag.Switch(["--no-parse-special"],
        "Read texts such as <|im_end|> as letters, not as the tokens they name.");
    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object: count, ids, texts.");
    private readonly Option<bool> _pieces = Flag.Switch(["--pieces"], "Print a token a line: id, tab, text.");

    private readonly Argument<string?> _text = new("text")
    {
        HelpName = "TEXT",
        Description = "The text (default: standard input).",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public TokenizeVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_text);
    }

    public Command Command { get; } = new("tokenize", "Turn text into token ids.");

    public IReadOnlyList<OptionGroup> Groups => [new("Tokens", [_special, _plain, _pieces, _json]), _modelFlags.Files];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka tokenize \"Hello, world!\"", "ids on one line"),
        new("minka tokenize --pieces \"Hello, world!\" -m model.gguf", "ids and their texts"),
        new("minka tokenize < book.txt | wc -w", "how many tokens a text has"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        using var package = Composition.OpenPackage(_modelFlags.Read(parse, null));
        var text = parse.GetValue(_text) ?? ReadPipe();
        var tokenizer = package.Tokenizer;
        var ids = tokenizer.Encode(text, parse.GetValue(_special), !parse.GetValue(_plain));
        if (parse.GetValue(_json)) _terminal.Out.WriteLine(ForPrograms(tokenizer, ids));
        else if (parse.GetValue(_pieces)) WritePieces(tokenizer, ids);
        else _terminal.Out.WriteLine(string.Join(' ', ids));
        return Task.FromResult(ExitCodes.Ok);
    }

    private static string ForPrograms(Tokenizer tokenizer, int[] ids) => Json.WriteObject(json =>
    {
        json.WriteNumber("count", ids.Length);
        json.WriteStartArray("ids");
        foreach (var id in ids) json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteStartArray("texts");
        foreach (var id in ids) json.WriteStringValue(Encoding.UTF8.GetString(tokenizer.TokenBytes(id)));
        json.WriteEndArray();
    });

    private void WritePieces(Tokenizer tokenizer, int[] ids)
    {
        foreach (var id in ids)
            _terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{id}\t{Piece(tokenizer, id)}"));
    }

    /// <summary>The bytes a token stands for, as text on one line.</summary>
    private static string Piece(Tokenizer tokenizer, int id) => Encoding.UTF8.GetString(tokenizer.TokenBytes(id))
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);

    private string ReadPipe() => _terminal.IsInputTyped
        ? throw new UsageException("There is no text; write it in quotes, or pipe it in.")
        : TextInput.ReadPipe(_terminal);
}
