using System.CommandLine;
using Minka.Cli.Options;
using Minka.Cli.Verbs;
using Minka.Engine;
using Minka.LoadTest;
using Minka.Models;
using Minka.Models.Templates;
using Minka.Plan;

namespace Minka.Cli;

/// <summary>The list of verbs, and the way in: from a command line to an exit code.</summary>
internal sealed class Door
{
    private readonly Terminal _terminal;
    private readonly Option<bool> _verbose = VerboseOption();

    private Door(Terminal terminal) => _terminal = terminal;

    /// <summary>Every verb, in the order of the help.</summary>
    public static IReadOnlyList<IVerb> Verbs(Terminal terminal) =>
    [
        new RunVerb(terminal),
        new ChatVerb(terminal),
        new ServeVerb(terminal),
        new InspectVerb(terminal),
        new TokenizeVerb(terminal),
        new DetokenizeVerb(terminal),
        new PerplexityVerb(terminal),
        new BenchVerb(terminal, new BenchServeVerb(terminal)),
        new DoctorVerb(terminal),
        new WorkerVerb(terminal),
        new PlanVerb(terminal),
        new LaunchVerb(terminal),
        new ProbeVerb(terminal),
        new TopVerb(terminal),
        new KeyVerb(terminal),
    ];

    /// <summary>Runs one command line and returns the exit code.</summary>
    public static Task<int> OpenAsync(string[] args, Terminal terminal) =>
        new Door(terminal).RunAsync(args is ["help", .. var verb] ? [.. verb, "--help"] : args);

    /// <summary>The program's examples, shown by <c>minka --help</c>.</summary>
    public static IReadOnlyList<Example> Examples =>
    [
        new("minka run \"What is 12 + 30?\"", "one answer from the built-in model"),
        new("minka chat model.gguf", "a conversation with a model of yours"),
        new("minka serve model.gguf", "an OpenAI server at http://127.0.0.1:8000"),
        new("minka bench model.gguf", "how fast it is here"),
    ];

    private async Task<int> RunAsync(string[] args)
    {
        var parse = Parse(args, _terminal, _verbose);
        try
        {
            if ((!AsksForHelp(parse) || IsOfNoVerb(parse)) && WrongUsage.Describe(parse) is { } wrong)
                throw new UsageException(wrong);
            using var running = _terminal.Interrupts.Begin();
            return await parse.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = _terminal.Out,
                    Error = _terminal.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null, // Interrupts listens to Ctrl+C
                },
                running.Token);
        }
        catch (Exception error)
        {
            return Explain(error, parse.GetValue(_verbose));
        }
    }

    /// <summary>Reads a command line without running it.</summary>
    public static ParseResult Parse(string[] args, Terminal terminal, Option<bool>? verbose = null)
    {
        var root = new RootCommand { verbose ?? VerboseOption() };
        root.Directives.Clear();
        var verbs = Verbs(terminal);
        foreach (var verb in verbs) Add(root, verb, terminal);
        HelpPage.Attach(root, () => HelpPage.WriteRoot(verbs, Examples, terminal));
        root.SetAction((_, cancellation) => Greeting.RunAsync(terminal, cancellation));
        return root.Parse(args, new ParserConfiguration
        {
            EnablePosixBundling = false, // -np is a wrong option, not -n p
            ResponseFileTokenReplacer = null, // a prompt may begin with @
        });
    }

    private static void Add(Command parent, IVerb verb, Terminal terminal)
    {
        foreach (var option in verb.Groups.SelectMany(group => group.Options)) verb.Command.Options.Add(option);
        verb.Command.SetAction(verb.RunAsync);
        HelpPage.Attach(verb.Command, () => HelpPage.WriteVerb(verb, terminal));
        parent.Subcommands.Add(verb.Command);
        foreach (var inner in verb.Verbs) Add(verb.Command, inner, terminal);
    }

    private static Option<bool> VerboseOption() => new("--verbose") { Recursive = true };

    /// <summary>Something stands where a verb should, as in <c>minka help docter</c>.</summary>
    private static bool IsOfNoVerb(ParseResult parse) =>
        parse.CommandResult.Command is RootCommand && parse.UnmatchedTokens.Count > 0;

    private static bool AsksForHelp(ParseResult parse) =>
        parse.Action is System.CommandLine.Invocation.CommandLineAction { ClearsParseErrors: true };

    /// <summary>One sentence for the user, and the exit code that goes with it.</summary>
    private int Explain(Exception error, bool isVerbose)
    {
        var (code, sentence) = error switch
        {
            UsageException or RequestRefusedException { Reason: RefusalReason.Invalid or RefusalReason.Unsupported } =>
                (ExitCodes.Usage, error.Message),
            PlanException => (ExitCodes.Failure, error.Message),
            ModelNotFoundException => (ExitCodes.ModelNotFound, error.Message),
            OperationCanceledException => (ExitCodes.Interrupted, null),
            IOException when Terminal.IsOutputGone(error) => (ExitCodes.Ok, null),
            RequestRefusedException or LoadTestException or TemplateException or ModelFormatException or IOException
                or UnauthorizedAccessException => (ExitCodes.Failure, error.Message),
            OutOfMemoryException => (ExitCodes.Failure,
                "This machine's memory was not enough; --quantize q4_0, a lower --ctx or a smaller model needs less."),
            _ => (ExitCodes.Failure,
                $"Something happened that Minka did not expect ({error.GetType().Name}: {error.Message.TrimEnd('.')}); "
                + "--verbose shows where."),
        };
        if (sentence is not null) _terminal.Complain(sentence);
        if (isVerbose) _terminal.Error.WriteLine(error);
        return code;
    }
}
