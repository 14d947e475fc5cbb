using Minka.Cli.Answers;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Engine;
using Minka.Models.Templates;

namespace Minka.Cli.Chat;

/// <summary>Question, answer, question: until the user leaves.</summary>
internal sealed class ChatLoop
{
    private readonly Terminal _terminal;
    private readonly ChatInput _input;
    private readonly IAnswerer _answerer;
    private readonly AnswerOptions _options;
    private readonly Conversation _conversation;
    private readonly IReadOnlyList<ChatCommand> _commands;
    private AnswerReport? _last;
    private bool _isLeaving;

    public ChatLoop(
        Terminal terminal, ChatInput input, IAnswerer answerer, AnswerOptions options, Conversation conversation)
    {
        (_terminal, _input, _answerer, _options, _conversation) = (terminal, input, answerer, options, conversation);
        _commands =
        [
            new("/help", "", "show this list", _ => ShowHelp()),
            new("/clear", "", "forget the conversation, keep the system prompt", _ => _conversation.Clear()),
            new("/system", "[TEXT]", "set the system prompt; without text, show it", SetSystem),
            new("/save", "FILE", "write the conversation to a file", Save),
            new("/load", "FILE", "go on with a saved conversation", Load),
            new("/stats", "", "speed and memory of the last answer", _ => ShowStats()),
            new("/exit", "", "leave; Ctrl+D does too", _ => _isLeaving = true),
        ];
    }

    /// <summary>Runs until the user leaves or the pipe ends.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var isWarned = false;
        while (!_isLeaving)
        {
            var (end, text) = ReadMessage();
            if (end == LineEnd.Closed || (end == LineEnd.Interrupted && isWarned)) break;
            isWarned = end == LineEnd.Interrupted;
            if (isWarned) _terminal.Out.WriteLine(_terminal.Dim("Ctrl+C again leaves."));
            else if (text.StartsWith('/')) Obey(text);
            else if (!string.IsNullOrWhiteSpace(text)) await AskAsync(text, cancellation);
        }
        return ExitCodes.Ok;
    }

    private (LineEnd, string) ReadMessage()
    {
        // While nothing is being answered, Ctrl+C is a key, or ends the process.
        using (_terminal.Interrupts.Suspend()) return _input.Read("> ");
    }

    private async Task AskAsync(string question, CancellationToken cancellation)
    {
        using var answering = _terminal.Interrupts.Begin(cancellation);
        _conversation.Ask(question);
        try
        {
            _last = await _answerer.AnswerAsync(
                new Prompt.Messages(_conversation.Messages), _options, _terminal.Out.Write, answering.Token);
            _terminal.Out.WriteLine();
            if (_terminal.IsOutputSeen) _terminal.Out.WriteLine();
            _conversation.Answer(_last.Text);
        }
        catch (Exception error)
            when (_terminal.IsInteractive && error is (RequestRefusedException or TemplateException))
        {
            _conversation.TakeBack();
            _terminal.Complain($"{error.Message} /clear begins anew.");
        }
        catch (IOException error) when (_terminal.IsInteractive && !Terminal.IsOutputGone(error))
        {
            _conversation.TakeBack();
            _terminal.Complain($"{error.Message} Another message tries again; /save FILE keeps what was said.");
        }
    }

    private void Obey(string text)
    {
        var space = text.IndexOf(' ');
        var (name, argument) = space < 0 ? (text.Trim(), "") : (text[..space], text[(space + 1)..].Trim());
        var command = _commands.FirstOrDefault(command => command.Name == name || Synonym(name) == command.Name);
        try
        {
            if (command is null) throw new UsageException($"There is no command '{name}'; /help lists them.");
            command.Run(argument);
        }
        catch (Exception error) when (error is UsageException or IOException or UnauthorizedAccessException)
        {
            if (Terminal.IsOutputGone(error)) throw;
            _terminal.Complain(error.Message);
        }
    }

    /// <summary>What users of Ollama type.</summary>
    private static string? Synonym(string name) => name switch
    {
        "/?" => "/help",
        "/bye" or "/quit" => "/exit",
        _ => null,
    };

    private void ShowHelp()
    {
        foreach (var command in _commands)
            _terminal.Out.WriteLine($"  {command.Name + " " + command.Argument,-16} {command.Purpose}");
        _terminal.Out.WriteLine("  \"\"\"              begins and ends several lines; so does \\ before Enter");
        _terminal.Out.WriteLine("  Ctrl+C           stops an answer; twice at the prompt leaves");
    }

    private void SetSystem(string text)
    {
        if (text.Length > 0) _conversation.System = text.Trim('"');
        _terminal.Out.WriteLine(_terminal.Dim(_conversation.System is { } system
            ? $"The system prompt is: {system}" : "There is no system prompt."));
    }

    private void Save(string file)
    {
        SavedChat.Save(Named(file, "/save"), _answerer.ModelName, _conversation.Messages);
        _terminal.Out.WriteLine(_terminal.Dim($"Saved {_conversation.Turns.Count} messages to {file}."));
    }

    private void Load(string file)
    {
        _conversation.Restore(SavedChat.Load(Named(file, "/load")));
        _terminal.Out.WriteLine(_terminal.Dim($"Loaded {_conversation.Turns.Count} messages from {file}."));
    }

    private void ShowStats() => _terminal.Out.WriteLine(
        _last?.ForPeople() ?? _terminal.Dim("Nothing was answered yet."));

    private static string Named(string file, string command) =>
        file.Length > 0 ? file : throw new UsageException($"{command} needs a file name, as in {command} talk.json.");
}

/// <summary>Something the user may type instead of a message.</summary>
internal sealed record ChatCommand(string Name, string Argument, string Purpose, Action<string> Run);
