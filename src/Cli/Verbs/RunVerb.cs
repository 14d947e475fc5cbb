using System.CommandLine;
using System.Text.Json;
using Minka.Cli.Answers;
using Minka.Cli.Chat;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Models.Loading;

namespace Minka.Cli.Verbs;

/// <summary>One prompt, one answer, which appears as it is made.</summary>
internal sealed class RunVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();
    private readonly SamplingFlags _samplingFlags = new();
    private readonly RemoteFlags _remoteFlags = new();
    private readonly ConstraintFlags _constraintFlags = new();
    private readonly DraftFlags _draftFlags = new();

    private readonly Argument<string[]> _words = new("words")
    {
        HelpName = "[MODEL] PROMPT",
        Description = "A model alone begins a chat.",
        Arity = new ArgumentArity(0, 2),
    };

    private readonly Option<string?> _prompt = Flag.Text(["--prompt", "-p"], "TEXT", "The prompt, as in llama.cpp.");

    private readonly Option<string?> _file = Flag.Text(["--file", "-f"], "FILE",
        "Read the prompt, or what it is about; - is a pipe.");

    private readonly Option<string?> _system = Flag.Text(["--system", "-sys"], "TEXT", "What goes before the prompt.");
    private readonly Option<bool> _raw = Flag.Switch(["--raw"], "Continue the text, without the chat template.");
    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object when the answer is whole.");
    private readonly Option<bool> _stats = Flag.Switch(["--stats"], "Print speed and memory after the answer.");

    public RunVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_words);
    }

    public Command Command { get; } = new("run", "Answer one prompt.");

    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Prompt and output", [_prompt, _file, _system, _raw, _json, _stats]),
        _constraintFlags.Group, _samplingFlags.Group, _draftFlags.Group, _modelFlags.Group,
        _modelFlags.AnsweringMachines, new("Server", _remoteFlags.Options),
    ];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka run \"What is 12 + 30?\"", "the built-in model"),
        new("minka run model.gguf \"Name three rivers.\" --temp 0", "a model of yours, always the same answer"),
        new("minka run -m folder/ -f letter.txt \"Summarise this letter:\" --stats", "a prompt about a file"),
        new("echo \"Who are you?\" | minka run --json", "from a pipe, for a program"),
        new("minka run \"Is the sea blue?\" --choice yes,no", "an answer that a program can read; schemas too"),
        new("minka run --workers 127.0.0.1:9001,127.0.0.1:9002 \"Who are you?\" --report", "on two workers"),
        new("minka run --raw \"Once upon a time\" -n 100 --seed 7", "text that goes on from here"),
        new("minka run --server http://127.0.0.1:8000 \"Hello!\"", "answered by minka serve, or any OpenAI server"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var (model, words) = SplitWords(parse);
        var text = ReadPrompt(words, parse.GetValue(_file));
        var constraint = _constraintFlags.Read(parse);
        var choice = _modelFlags.Read(parse, model) with { Draft = _draftFlags.Read(parse) };
        if (text is null)
        {
            if (model is not null && _terminal.IsInteractive)
                return await ChatVerb.BeginAsync(_terminal, choice,
                    open => _samplingFlags.Read(parse, open.Suggested) with { Constraint = constraint },
                    new Conversation { System = parse.GetValue(_system) }, cancellation);
            throw new UsageException("There is no prompt; write it in quotes, name a file with -f, or pipe it in.");
        }

        if (_remoteFlags.Read(parse, model ?? _modelFlags.Named(parse)) is { } server)
        {
            await using var remote = new RemoteAnswerer(server, _terminal);
            var asked = ConstraintFlags.ForServer(
                _samplingFlags.Read(parse, GenerationDefaults.None), constraint, choice.Draft);
            return await AnswerAsync(
                parse, remote, MakePrompt(text, parse, null), asked, constraint is not null, null, cancellation);
        }
        RequireModel(model);
        using var open = Composition.Open(choice, _terminal);
        var options = _samplingFlags.Read(parse, open.Suggested) with { Constraint = constraint };
        await using var answerer = new Answerer(open, _terminal);
        return await AnswerAsync(parse, answerer, MakePrompt(text, parse, open), options, constraint is not null,
            new ClusterRun(open, choice.Cluster, _terminal), cancellation);
    }

    private async Task<int> AnswerAsync(
        ParseResult parse, IAnswerer answerer, Prompt prompt, AnswerOptions options, bool isConstrained,
        ClusterRun? run, CancellationToken cancellation)
    {
        var wantsJson = parse.GetValue(_json);
        Action<string> write = wantsJson ? _ => { } : _terminal.Out.Write;
        var report = await answerer.AnswerAsync(prompt, options, write, cancellation);

        Action<Utf8JsonWriter> more = run is null ? _ => { } : await run.ForProgramsAsync();
        _terminal.Out.WriteLine(wantsJson ? report.ForPrograms(more) : "");
        if (isConstrained && report.Finish == "length")
            _terminal.Complain($"the answer was cut after {report.AnswerTokens} tokens, so it is not whole; "
                + "a higher -n or --ctx gives it room.");
        if (parse.GetValue(_stats)) _terminal.Error.WriteLine(report.ForPeople());
        if (run is not null) await run.EndAsync(report, parse.GetValue(_stats));
        return cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    /// <summary>A model and a prompt, of which either may be missing.</summary>
    private (string? Model, string? Prompt) SplitWords(ParseResult parse)
    {
        var words = parse.GetValue(_words) ?? [];
        if (parse.GetValue(_prompt) is { } prompt)
        {
            return words.Length == 2
                ? throw new UsageException($"The prompt is given twice, '{words[1]}' and -p '{prompt}'.")
                : (words.Length == 1 ? words[0] : null, prompt);
        }
        if (words.Length == 2) return (words[0], words[1]);
        if (words.Length == 0) return (null, null);
        if (_modelFlags.IsNamed(parse)) return (null, words[0]);
        if (ModelLocator.IsName(words[0])) return (words[0], null);
        if (ModelLocator.LooksLikeFile(words[0])) ModelLocator.Locate(words[0]); // says that it is not there
        return (null, words[0]);
    }

    /// <summary>The first of two arguments is a model; who forgot the quotes is told of them.</summary>
    private static void RequireModel(string? name)
    {
        if (name is null || ModelLocator.IsName(name) || ModelLocator.LooksLikeFile(name)) return;
        throw new ModelNotFoundException($"There is no model '{name}': no file or folder of that name, and the only "
            + $"alias is {ModelLocator.BuiltIn}; a prompt of several words goes in quotes.");
    }

    /// <summary>The argument, the file, or both with an empty line between; a pipe where there is neither.</summary>
    private string? ReadPrompt(string? argument, string? file)
    {
        if (file is null && string.IsNullOrWhiteSpace(argument) && argument is not null)
            throw new UsageException("The prompt is empty; write it in quotes, name a file with -f, or pipe it in.");
        if (file is null && (argument is not null || _terminal.IsInputTyped)) return argument;
        var text = TextInput.Read(file ?? "-", _terminal).TrimEnd('\r', '\n');
        if (text.Length == 0)
            throw new UsageException($"The prompt from {(file is null or "-" ? "standard input" : file)} is empty.");
        return argument is null ? text : $"{argument}\n\n{text}";
    }

    /// <summary>Messages, or text where that is asked for or the model knows nothing else.</summary>
    /// <param name="text">What is asked.</param>
    /// <param name="parse">The command line.</param>
    /// <param name="open">The model; null where a server has it.</param>
    private Prompt MakePrompt(string text, ParseResult parse, OpenModel? open)
    {
        var (system, isRaw) = (parse.GetValue(_system), parse.GetValue(_raw));
        if (isRaw && system is not null)
            throw new UsageException("--raw continues the text alone; leave out --system, or --raw.");
        if (isRaw) return new Prompt.Raw(text);
        if (open is { Package.ChatTemplate: null })
        {
            if (_terminal.IsErrorSeen) _terminal.Complain("this model has no chat template; it continues the text.");
            return new Prompt.Raw(text);
        }
        var conversation = new Conversation { System = system };
        conversation.Ask(text);
        return new Prompt.Messages(conversation.Messages);
    }
}
