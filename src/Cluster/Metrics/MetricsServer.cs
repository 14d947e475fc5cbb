using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Minka.Cluster.Metrics;

/// <summary>Answers <c>GET /metrics</c> for Prometheus, on a port of its own: numbers only, no control.</summary>
public sealed class MetricsServer : IAsyncDisposable
{
    private const int ConnectionsMax = 64;
    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => _app = app;

    /// <summary>Where it listens, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint EndPoint => IPEndPoint.Parse(new Uri(_app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First()).Authority);

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="write">Makes the text, for each request anew.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<MetricsServer> StartAsync(IPEndPoint endPoint, Func<string> write)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(endPoint);
        });
        var app = builder.Build();
        app.Run(http => AnswerAsync(http, write));
        try
        {
            await app.StartAsync();
            return new(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(0);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext http, Func<string> write)
    {
        if (http.Request.Path != "/metrics" || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return http.Response.WriteAsync("There is GET /metrics here, and nothing else.\n");
        }
        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(write());
    }
}
