using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Minka.Compute.Cpu;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Loading;

namespace Minka.Server.Tests;

/// <summary>A real server in this process, with the built-in model behind it.</summary>
public sealed class TinyServer : IAsyncLifetime
{
    private const int Many = 1 << 20;

    private readonly ServerOptions _options;
    private readonly SchedulerOptions _scheduling;
    private readonly SemaphoreSlim? _allowed;
    private readonly TimeSpan? _slowReaderLimit;
    private readonly TimeProvider _time;
    private ServerApp? _app;

    /// <summary>The one that tests share.</summary>
    public TinyServer() : this(new ServerOptions()) { }

    /// <param name="options">How it listens; on a port that is free.</param>
    /// <param name="scheduling">What it takes at once.</param>
    /// <param name="isStepped">It does no step of the model that <see cref="Allow"/> did not allow.</param>
    /// <param name="slowReaderLimit">How long it waits for a reader who does not read.</param>
    /// <param name="time">The clock of its engine.</param>
    internal TinyServer(
        ServerOptions options, SchedulerOptions? scheduling = null, bool isStepped = false,
        TimeSpan? slowReaderLimit = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        (_options, _scheduling) = (options with { Port = 0 }, scheduling ?? Usual);
        if (isStepped) _allowed = new(0);
        _slowReaderLimit = slowReaderLimit;
    }

    /// <summary>Eight sequences, contexts of 1024.</summary>
    public static SchedulerOptions Usual { get; } =
        new() { SequencesMax = 8, TokensPerStepMax = 256, LogitRowsMax = 32, ContextMax = 1024 };

    /// <summary>The server.</summary>
    public ServerApp App => _app!;

    /// <summary>Its model.</summary>
    internal ServedModel Model { get; private set; } = null!;

    /// <summary>A client of it.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Model = Load(_scheduling, allowed: _allowed, slowReaderLimit: _slowReaderLimit, time: _time);
        var shelf = new ModelShelf([new ModelEntry("minka-tiny", 5 << 20, _ => Task.FromResult(Model))]);
        _app = await ServerApp.StartAsync(shelf, _options, TimeProvider.System);
        await _app.LoadAsync();
        Client = new HttpClient { BaseAddress = _app.Address };
    }

    /// <summary>One that runs already.</summary>
    internal static async Task<TinyServer> StartAsync(
        ServerOptions? options = null, SchedulerOptions? scheduling = null, bool isStepped = false,
        TimeProvider? time = null)
    {
        var server = new TinyServer(options ?? new ServerOptions(), scheduling, isStepped, time: time);
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Lets it do so many steps more: one is one token of every answer that is being written.</summary>
    public void Allow(int steps = Many) => _allowed?.Release(steps);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Allow();
        Client.Dispose();
        await App.DisposeAsync();
    }

    /// <summary>The built-in model with an engine.</summary>
    internal static ServedModel Load(
        SchedulerOptions scheduling, string name = "minka-tiny", SemaphoreSlim? allowed = null,
        TimeSpan? slowReaderLimit = null, TimeProvider? time = null)
    {
        var package = ModelPackage.Open(SourceTree.BuiltInModel);
        var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var blocks = scheduling.SequencesMax * (scheduling.ContextMax / 16 + 1) + 8;
        var model = package.Load(
            backend, new ModelLoadOptions { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var options = new ServedModelOptions
        {
            Scheduling = scheduling,
            Defaults = new GenerationDefaults { DoSample = false },
        };
        if (slowReaderLimit is { } limit) options = options with { SlowReaderLimit = limit };
        IExecutor executor = new LocalExecutor(model);
        if (allowed is not null) executor = new SteppedExecutor(executor, allowed);
        return new ServedModel(
            name, package, executor, options, new Owned(model, backend, package), time ?? TimeProvider.System);
    }

    /// <summary>Posts JSON; the answer as JSON, with its status.</summary>
    public async Task<(int Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using var response = await SendAsync(path, json);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(text)!);
    }

    /// <summary>Posts JSON; the data of every event of the answer.</summary>
    public async Task<IReadOnlyList<string>> StreamAsync(string path, string json)
    {
        using var response = await SendAsync(path, json);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(frame => frame.StartsWith("data: ", StringComparison.Ordinal)).Select(frame => frame[6..])];
    }

    /// <summary>Waits until no request is answered any more, in the server's books too, and none holds a block.
    /// </summary>
    public Task SettleAsync()
    {
        var counters = Model.Engine.Counters;
        return UntilAsync(() => (App.Running, counters.Running, counters.Waiting, counters.UsedBlocks) == (0, 0, 0, 0));
    }

    /// <summary>Waits until something is so, for as long as the slowest machine may need.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        for (var i = 0; i < 9000 && !isSo(); i++)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.True(isSo(), "It did not come to be so within a minute and a half.");
    }

    /// <summary>Posts JSON.</summary>
    public async Task<HttpResponseMessage> SendAsync(string path, string json)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await Client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    private sealed class Owned(params IDisposable[] parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (var part in parts) part.Dispose();
        }
    }
}
