using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Minka.Server.Tests.Observing;

/// <summary>An OpenTelemetry collector that keeps what it is sent over HTTP.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = [];

    private Collector(WebApplication app) => _app = app;

    /// <summary>Its base address.</summary>
    public string Address => _app.Urls.First();

    /// <summary>Begins to listen.</summary>
    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new Collector(builder.Build());
        collector._app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            collector._received.Enqueue((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>Every field of the messages that came to a path.</summary>
    public IReadOnlyList<ProtobufField> Fields(string path) =>
        [.. _received.Where(one => one.Path == path).SelectMany(one => ProtobufField.ReadAll(one.Body))];

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
