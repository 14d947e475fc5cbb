using System.Net;
using Microsoft.AspNetCore.Http;

namespace Minka.Cluster.Metrics;

/// <summary>Answers <c>GET /metrics</c> for Prometheus, on a port of its own: numbers only, no control.</summary>
public sealed class MetricsServer : IAsyncDisposable
{
    private const int ConnectionsMax = 64;
    private readonly HttpPort _port;

    private MetricsServer(HttpPort port) => _port = port;

    /// <summary>Where it listens, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint EndPoint => _port.EndPoint;

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="write">Makes the text, for each request anew.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<MetricsServer> StartAsync(IPEndPoint endPoint, Func<string> write) =>
        new(await HttpPort.StartAsync(
            kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
                kestrel.Limits.MaxRequestBodySize = 0;
                kestrel.Listen(endPoint);
            },
            http => AnswerAsync(http, write)));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _port.DisposeAsync();

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
