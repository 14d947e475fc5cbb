using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Protocol;

/// <summary>
/// The port where a root finds a worker: gRPC over HTTP/2, behind the key's handshake if there is one.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    private const int ConnectionsMax = 1024;
    private const int StreamsMax = 32;
    private static readonly TimeSpan _pingAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(20);

    private readonly HttpPort _port;

    private ControlServer(HttpPort port) => _port = port;

    /// <summary>Where it listens, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint EndPoint => _port.EndPoint;

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="control">What answers.</param>
    /// <param name="options">Key, limits, log.</param>
    /// <exception cref="InvalidOperationException">The address is not loopback and there is no key.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<ControlServer> StartAsync(
        IPEndPoint endPoint, IControl control, PeerListenerOptions options)
    {
        PeerListener.RequireKey(endPoint, options.Key);
        return new(await HttpPort.StartAsync(
            kestrel => Configure(kestrel, endPoint, options),
            new GrpcDispatcher(ControlMethods.Of(control), options.Time, options.Log).InvokeAsync));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _port.DisposeAsync();

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint endPoint, PeerListenerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
        kestrel.Limits.MinRequestBodyDataRate = null; // A stream of slices may pause; pings find dead callers.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsMax;
        kestrel.Limits.Http2.KeepAlivePingDelay = _pingAfter;
        kestrel.Limits.Http2.KeepAlivePingTimeout = _pingTimeout;
        kestrel.Listen(endPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (options.Key is { } key)
                listen.Use(next => connection => AuthenticateAsync(next, connection, key, options));
        });
    }

    /// <summary>HTTP is not even parsed for those who have not the key.</summary>
    private static async Task AuthenticateAsync(
        ConnectionDelegate next, ConnectionContext connection, PresharedKey key, PeerListenerOptions options)
    {
        using var deadline = new CancellationTokenSource(options.HandshakeTimeout, options.Time);
        try
        {
            await using var stream = new PipeStream(connection.Transport);
            await KeyHandshake.AcceptAsync(stream, key, deadline.Token);
        }
        catch (Exception refused) when (refused is HandshakeException or IOException or OperationCanceledException)
        {
            options.Log($"A connection from {connection.RemoteEndPoint} was closed: {refused.Message}");
            // Not aborted: the sentence that says why is still on its way.
            await connection.Transport.Output.CompleteAsync();
            return;
        }
        await next(connection);
    }
}
