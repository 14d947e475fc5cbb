using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Minka.Server.Anthropic;
using Minka.Server.Http;
using Minka.Server.Keys;
using Minka.Server.Metrics;
using Minka.Server.Ollama;
using Minka.Server.OpenAi;
using Minka.Server.OpenApi;
using Minka.Server.Responses;
using Minka.Server.Tokenizing;
using Minka.Server.Web;

namespace Minka.Server;

/// <summary>The door for clients: HTTP in the shapes that they speak.</summary>
public sealed class ServerApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerParts _server;
    private readonly Telemetry _telemetry;

    private ServerApp(WebApplication app, ServerParts server, Telemetry telemetry) =>
        (_app, _server, _telemetry) = (app, server, telemetry);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Requests that are being answered, or whose end is being told to observers.</summary>
    internal int Running => _server.State.Running;

    /// <summary>Every route.</summary>
    private static void MapEndpoints(IEndpointRouteBuilder on, ServerParts server, Telemetry telemetry)
    {
        var health = new HealthEndpoints(server);
        on.MapRead("/health", health.HealthAsync).Open().Says("Whether the process lives");
        on.MapRead("/healthz", health.HealthAsync).Open().Says("The same as /health");
        on.MapRead("/livez", health.HealthAsync).Open().Says("The same as /health");
        on.MapRead("/ready", health.ReadyAsync).Open().Says("Whether requests are taken");
        on.MapRead("/readyz", health.ReadyAsync).Open().Says("The same as /ready");
        on.MapRead("/version", health.VersionAsync).Says("Which Minka this is");
        on.MapRead("/openapi.json", new OpenApiEndpoint(server, on).AnswerAsync).Says("This document");
        on.MapRead("/metrics", new MetricsEndpoint(telemetry.Registry, server.Models).AnswerAsync)
            .Says("Numbers in Prometheus' text");

        on.MapRead("/", PageEndpoints.RootAsync).Open().Says("A page to chat");
        on.MapRead("/live", PageEndpoints.LiveAsync).Open().Says("A page of what the server does now");
        on.MapRead("/ui/{**path}", PageEndpoints.FileAsync).Open().Says("What the pages are made of");
        on.MapRead("/live.json", new LiveEndpoint(server, telemetry.Live).AnswerAsync)
            .Says("What the live page shows");

        var models = new ModelsEndpoints(server);
        on.MapRead("/v1/models", models.ListAsync).Says("The models that can be asked");
        on.MapRead("/v1/models/{**id}", models.ShowAsync).Says("One of them");

        on.MapPost("/v1/chat/completions", new ChatCompletionsEndpoint(server).AnswerAsync)
            .Says("Answers a conversation", "ChatCompletionRequest");
        on.MapPost("/v1/completions", new CompletionsEndpoint(server).AnswerAsync)
            .Says("Continues texts", "CompletionRequest");
        on.MapPost("/v1/embeddings", new EmbeddingsEndpoint(server).AnswerAsync)
            .Says("Vectors that stand for texts", "EmbeddingRequest");

        var tokens = new TokenizeEndpoints(server);
        on.MapPost("/tokenize", tokens.TokenizeAsync).Says("Text into tokens", "TokenizeRequest");
        on.MapPost("/detokenize", tokens.DetokenizeAsync).Says("Tokens into text", "DetokenizeRequest");
        on.MapPost("/apply-template", tokens.ApplyTemplateAsync)
            .Says("Messages into the text that the model reads", "ChatCompletionRequest");

        ResponsesEndpoint.Map(on, server);
        MessagesEndpoint.Map(on, server);
        OllamaRoutes.Map(on, server);
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="models">What can be asked; disposed with the server.</param>
    /// <param name="options">How it listens.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The options make no sense, or open the server to everybody.</exception>
    /// <exception cref="IOException">The address is taken, or a file cannot be read.</exception>
    public static async Task<ServerApp> StartAsync(ModelShelf models, ServerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var keys = new KeyRing(options.Keys, options.KeyFile, time, options.Log);
        var telemetry = new Telemetry(models, options, time);
        var server = new ServerParts(models, options, new ServerState(), keys, telemetry.Observers, time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // What is written goes out on the thread that wrote it: while the model has every core, each hop to another
        // thread costs more than the event that it carries. Nothing here blocks a thread.
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true)
            .UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Use(next => new RequestGate(server, next).HandleAsync);
        app.Use(next => new OriginGate(server, next).HandleAsync);
        app.UseRouting();
        app.Use(next => new RouteGate(server, next).HandleAsync);
        MapEndpoints(app, server, telemetry);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await telemetry.DisposeAsync().ConfigureAwait(false);
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return new ServerApp(app, server, telemetry);
    }

    /// <summary>Loads the first model; until then requests are told to come again.</summary>
    public async Task LoadAsync(CancellationToken cancellation = default)
    {
        using var lease = await _server.Models.OpenAsync(null, cancellation).ConfigureAwait(false);
        _server.State.IsLoaded = true;
    }

    /// <summary>Goes down: says so, refuses new requests after a while, lets running ones end, then ends them.
    /// </summary>
    /// <param name="hurry">No more patience.</param>
    public async Task DrainAsync(CancellationToken hurry = default)
    {
        var (state, options) = (_server.State, _server.Options);
        state.IsDraining = true;
        if (state.Running > 0) await PauseAsync(options.DrainDelay, hurry).ConfigureAwait(false);
        state.IsClosed = true;
        var start = _server.Time.GetTimestamp();
        while (state.Running > 0 && _server.Time.GetElapsedTime(start) < options.DrainLimit
            && !hurry.IsCancellationRequested)
            await PauseAsync(TimeSpan.FromMilliseconds(20), hurry).ConfigureAwait(false);
    }

    /// <summary>Ends every request and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        _server.State.IsClosed = true;
        // Engines first: streams end with an error frame and not in the middle of a line.
        await _telemetry.DisposeAsync().ConfigureAwait(false);
        await _server.Models.DisposeAsync().ConfigureAwait(false);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2), _server.Time);
        await _app.StopAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private async Task PauseAsync(TimeSpan time, CancellationToken hurry) =>
        await Task.Delay(time, _server.Time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = options.BodyBytesMax;
        limits.MaxRequestHeadersTotalSize = options.HeaderBytesMax;
        limits.MaxRequestLineSize = Math.Min(limits.MaxRequestLineSize, options.HeaderBytesMax);
        limits.RequestHeadersTimeout = options.HeaderTimeLimit;
        // A reader that has stopped is the engine's to drop; one that crawls is Kestrel's.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));
        void Secure(ListenOptions listen)
        {
            if (options.CertificateFile is { } certificate)
                listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, options.CertificateKeyFile));
        }
        if (options.Host == "*") kestrel.ListenAnyIP(options.Port, Secure);
        else if (options.Host is "localhost") kestrel.Listen(IPAddress.Loopback, options.Port, Secure);
        else kestrel.Listen(IPAddress.Parse(options.Host), options.Port, Secure);
    }

    /// <summary>Signals are the business of whoever runs the server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
