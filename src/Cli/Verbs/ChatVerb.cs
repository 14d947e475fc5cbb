using System.CommandLine;
using Minka.Cli.Answers;
using Minka.Cli.Chat;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Models.Loading;

namespace Minka.Cli.Verbs;

/// <summary>A conversation.</summary>
internal sealed class ChatVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();
    private readonly SamplingFlags _samplingFlags = new();
    private readonly ConstraintFlags _constraintFlags = new();
    private readonly DraftFlags _draftFlags = new();
    private readonly Option<string?> _system = Flag.Text(["--system", "-sys"], "TEXT", "Instructions before the chat.");
    private readonly Option<string?> _load = Flag.Text(["--load"], "FILE", "Go on with a chat that /save wrote.");

    private readonly Argument<string?> _model = ModelFlags.Argument();

    private readonly RemoteFlags _remoteFlags = new();

    public ChatVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_model);
    }

    public Command Command { get; } = new("chat", "Talk with a model; /help inside lists what can be typed.");

    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Chat", [_system, _load]), _constraintFlags.Group, _samplingFlags.Group, _draftFlags.Group,
        _modelFlags.Group, _modelFlags.AnsweringMachines, new("Server", _remoteFlags.Options),
    ];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka chat", "with the built-in model"),
        new("minka chat model.gguf --system \"You are a pirate.\"", "with a model of yours, and a role for it"),
        new("minka chat --load talk.json", "go on where /save left off"),
        new("printf 'Hello!\\nWhat is 2 + 2?\\n' | minka chat --seed 1", "from a pipe, a message a line"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var conversation = new Conversation();
        if (parse.GetValue(_load) is { } file) conversation.Restore(SavedChat.Load(file));
        conversation.System = parse.GetValue(_system) ?? conversation.System;
        var (constraint, draft) = (_constraintFlags.Read(parse), _draftFlags.Read(parse));
        var model = parse.GetValue(_model) ?? _modelFlags.Named(parse);
        if (_remoteFlags.Read(parse, model) is { } server)
            return TalkAsync(server, ConstraintFlags.ForServer(
                _samplingFlags.Read(parse, GenerationDefaults.None), constraint, draft), conversation, cancellation);
        return BeginAsync(_terminal, _modelFlags.Read(parse, parse.GetValue(_model)) with { Draft = draft },
            open => _samplingFlags.Read(parse, open.Suggested) with { Constraint = constraint }, conversation,
            cancellation);
    }

    /// <summary>Loads a model and talks; <c>run MODEL</c> and a bare <c>minka</c> come here too.</summary>
    public static async Task<int> BeginAsync(
        Terminal terminal, ModelChoice choice, Func<OpenModel, AnswerOptions> options, Conversation conversation,
        CancellationToken cancellation)
    {
        using var open = Composition.Open(choice, terminal);
        if (open.Package.ChatTemplate is null)
            throw new UsageException($"{open.Name} has no chat template, so it cannot hold a conversation; "
                + "minka run --raw continues a text.");
        await using var answerer = new Answerer(open, terminal);
        if (terminal.IsInteractive)
        {
            terminal.Out.WriteLine(terminal.Dim($"{open.Name} is ready; /help shows what can be typed, /exit leaves."));
            if (open.KvCache is { Length: > 0 } cache) terminal.Out.WriteLine(terminal.Dim($"Its cache: {cache}."));
        }
        var code = await new ChatLoop(terminal, Input(terminal), answerer, options(open), conversation)
            .RunAsync(cancellation);
        await new ClusterRun(open, choice.Cluster, terminal).EndAsync();
        return code;
    }

    private async Task<int> TalkAsync(
        RemoteChoice server, AnswerOptions options, Conversation conversation, CancellationToken cancellation)
    {
        await using var answerer = new RemoteAnswerer(server, _terminal);
        if (_terminal.IsInteractive)
            _terminal.Out.WriteLine(
                _terminal.Dim($"{server.Url} answers; /help shows what can be typed, /exit leaves."));
        return await new ChatLoop(_terminal, Input(_terminal), answerer, options, conversation).RunAsync(cancellation);
    }

    private static ChatInput Input(Terminal terminal) => terminal.IsInteractive
        ? ChatInput.Typed(new LineEditor(terminal, new ConsoleKeyboard()))
        : ChatInput.Piped(terminal.In);
}
