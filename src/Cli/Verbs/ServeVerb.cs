using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Minka.Cli.Options;
using Minka.Server;

namespace Minka.Cli.Verbs;

/// <summary>Answers clients over HTTP until it is told to end.</summary>
internal sealed class ServeVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new(takesSeveral: true);
    private readonly ServeFlags _serveFlags = new();
    private readonly DraftFlags _draftFlags = new();
    private readonly Argument<string?> _model = ModelFlags.Argument();

    public ServeVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_model);
    }

    public Command Command { get; } = new("serve", "Serve models to OpenAI's clients.");

    public IReadOnlyList<OptionGroup> Groups =>
        [.. _serveFlags.Groups, _draftFlags.Group, _modelFlags.Group, _modelFlags.ServingMachines];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka serve", "the built-in model at http://127.0.0.1:8000/v1"),
        new("minka serve model.gguf --port 9000 --ctx 8192", "a model of yours"),
        new("minka serve large.gguf --draft-model small.gguf", "a smaller model of the same tokens guesses ahead"),
        new("minka serve -m small.gguf -m large.gguf --memory 16000", "two, loaded when asked for"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        // Lines come from many threads, and each must stay whole.
        var (log, output) = (TextWriter.Synchronized(_terminal.Error), TextWriter.Synchronized(_terminal.Out));
        var options = _serveFlags.ReadServer(parse, log.WriteLine, output.WriteLine);
        var choices = ReadModels(parse);
        var (names, serving) = (_serveFlags.ReadNames(parse, choices), _serveFlags.ReadServing(parse));
        var entries = choices.Select((choice, i) => Composition.Entry(choice, names[i], serving, _terminal)).ToList();
        var models = new ModelShelf(entries, _serveFlags.ReadMemory(parse), log.WriteLine, _terminal.Time);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var hurry = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            // The second one means now.
            if (ending.IsCancellationRequested) hurry.Cancel();
            ending.Cancel();
        });
        await using var app = await StartAsync(models, options);
        await app.LoadAsync(ending.Token);
        _terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Serving {string.Join(", ", names)} at {app.Address}v1; Ctrl+C ends it."));
        await Task.Delay(Timeout.InfiniteTimeSpan, _terminal.Time, ending.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.DrainAsync(hurry.Token);
        return ExitCodes.Ok;
    }

    private IReadOnlyList<ModelChoice> ReadModels(ParseResult parse)
    {
        var choices = _modelFlags.ReadAll(parse, parse.GetValue(_model));
        var draft = _draftFlags.Read(parse);
        return draft?.ModelName is null || choices.Count == 1
            ? [.. choices.Select(choice => choice with { Draft = draft })]
            : throw new UsageException($"--draft-model guesses for one model; {choices.Count} are named. Serve that "
                + "one alone, or take --spec ngram.");
    }

    private async Task<ServerApp> StartAsync(ModelShelf models, ServerOptions options)
    {
        try
        {
            return await Listening.StartAsync($"{options.Host}:{options.Port}", "--host", "--port",
                () => ServerApp.StartAsync(models, options, _terminal.Time));
        }
        catch (CryptographicException unusable)
        {
            throw new UsageException($"The certificate '{options.CertificateFile}' or its key cannot be used: "
                + $"{unusable.Message.TrimEnd('.')}.");
        }
        catch (FormatException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }
}
