using System.Diagnostics;
using System.Text;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Server;
using Minka.Server.Generating;

namespace Minka.Bench.Serve;

/// <summary>What is done in a round.</summary>
/// <param name="Users">At the same time.</param>
/// <param name="Asks">Of each user, one after the other.</param>
/// <param name="Tokens">Of an answer, on average.</param>
internal sealed record OverheadRound(int Users, int Asks, int Tokens)
{
    /// <summary>Tokens of one answer: three that follow each other differ by a quarter and have the wanted sum.
    /// </summary>
    public int TokensOf(int user, int ask) =>
        Asks % 3 == 0 ? Tokens + Tokens / 4 * ((user + ask) % 3 - 1) : Tokens;
}

/// <summary>A server and the engine inside of it, asked the same through either door.</summary>
internal sealed class OverheadSubject : IAsyncDisposable
{
    private const int Context = 512;

    // As long as each other in tokens; every round asks something else than the one before.
    private static readonly string[] _questions =
    [
        "Tell me a long story about a lighthouse and its keeper.",
        "Tell me a long story about a mountain and its goats.",
        "Tell me a long story about a garden and its spiders.",
        "Tell me a long story about a harbour and its boats.",
    ];

    private readonly ServedModel _model;
    private readonly ServerApp _app;
    private readonly IDisposable[] _owned;
    private readonly int[][] _prompts;

    private OverheadSubject(ServedModel model, ServerApp app, IDisposable[] owned)
    {
        (_model, _app, _owned) = (model, app, owned);
        _prompts = [.. Enumerable.Range(0, _questions.Length).Select(PromptOf)];
    }

    /// <summary>The model has a chat template, so chats are asked for; else completions.</summary>
    public bool IsChat => _model.Template is not null;

    /// <summary>Tokens of the first prompt.</summary>
    public int PromptTokens => _prompts[0].Length;

    public static async Task<OverheadSubject> StartAsync(string path, int threads, int users)
    {
        var package = ModelPackage.Open(path);
        var backend = new CpuBackend(new() { Threads = threads });
        var scheduling = new SchedulerOptions
        {
            SequencesMax = users, TokensPerStepMax = 512, LogitRowsMax = 32, ContextMax = Context,
            PrefixCaching = false,
        };
        var blocks = users * (Context / ForwardInput.BlockTokens + 2) + 8;
        var loaded = package.Load(backend, new() { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var model = new ServedModel(
            "m", package, new LocalExecutor(loaded), new ServedModelOptions { Scheduling = scheduling }, loaded,
            TimeProvider.System);
        var shelf = new ModelShelf([new ModelEntry("m", 1, _ => Task.FromResult(model))]);
        var app = await ServerApp.StartAsync(shelf, new ServerOptions { Port = 0 }, TimeProvider.System);
        await app.LoadAsync();
        return new OverheadSubject(model, app, [package, backend]);
    }

    /// <summary>Seconds until every user has its answers. Users ask one thing after the other, of lengths that
    /// differ, so that they come and go at different steps.</summary>
    public async Task<double> TimeAsync(OverheadRound round, bool overHttp, int number)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, round.Users).Select(user => overHttp
            // A thread of its own, so that the pool is the server's.
            ? Task.Factory.StartNew(
                () => AskServer(round, user, number), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default)
            : AskEngineAsync(round, user, number)));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var part in _owned) part.Dispose();
    }

    private async Task AskEngineAsync(OverheadRound round, int user, int number)
    {
        for (var ask = 0; ask < round.Asks; ask++)
        {
            var generation = _model.Engine.Submit(new GenerationRequest
            {
                Prompt = _prompts[(number + user + ask) % _prompts.Length],
                TokensMax = round.TokensOf(user, ask), IgnoreEos = true, Sampling = SamplingOptions.Greedy,
            });
            generation.IsReadInline = true;
            await foreach (var _ in generation) { }
        }
    }

    private void AskServer(OverheadRound round, int user, int number)
    {
        for (var ask = 0; ask < round.Asks; ask++)
        {
            var (text, tokens) = (TextOf(number + user + ask), round.TokensOf(user, ask));
            var (path, asks) = IsChat
                ? ("/v1/chat/completions", $$"""
                    "messages":[{"role":"user","content":"{{text}}"}]
                    """)
                : ("/v1/completions", $"\"prompt\":\"{text}\"");
            var body = Encoding.UTF8.GetBytes(
                $$"""{{{asks}},"max_tokens":{{tokens}},"ignore_eos":true,"temperature":0,"stream":true}""");
            StreamClient.Ask(_app.Address, path, body, tokens);
        }
    }

    private static string TextOf(int question) => _questions[question % _questions.Length];

    private int[] PromptOf(int question) => IsChat
        ? ChatPrompt.Of(_model, new ChatRequest { Messages = [new ChatTurn("user", TextOf(question))] },
            TimeProvider.System).Ids
        : _model.Tokenizer.Encode(TextOf(question));
}
