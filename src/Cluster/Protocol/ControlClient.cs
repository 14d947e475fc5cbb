using System.Net;
using System.Net.Sockets;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Protocol;

/// <summary>Calls the control plane of one worker.</summary>
/// <remarks>Every method throws <see cref="GrpcException"/> if the call does not end well.</remarks>
public sealed class ControlClient : IControl, IDisposable
{
    private static readonly TimeSpan _pingAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly GrpcCaller _caller;
    private readonly PresharedKey? _key;

    /// <param name="address"><c>host:port</c> of the worker.</param>
    /// <param name="key">The shared key; null only on loopback.</param>
    /// <param name="connectWithin">Longest time to connect and authenticate.</param>
    public ControlClient(string address, PresharedKey? key, TimeSpan connectWithin)
    {
        _key = key;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = connectWithin, KeepAlivePingDelay = _pingAfter, KeepAlivePingTimeout = _pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always, EnableMultipleHttp2Connections = true,
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false,
            ConnectCallback = (to, cancellation) => ConnectAsync(to.DnsEndPoint, cancellation),
        };
        _http = new(handler) { BaseAddress = new($"http://{address}"), Timeout = Timeout.InfiniteTimeSpan };
        _caller = new(_http, TimeProvider.System);
    }

    /// <summary>Longest time of the calls that should answer at once; others take the time they need.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public Task<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Hello, request, HelloReply.Parser,
            request.Assignment is null ? Within : null, cancellation); // What is in the cache is read and verified.

    /// <inheritdoc/>
    public Task<ProbeReply> ProbeAsync(ProbeRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Probe, request, ProbeReply.Parser, null, cancellation);

    /// <inheritdoc/>
    public Task<LoadSlicesReply> LoadSlicesAsync(
        IAsyncEnumerable<LoadSlicesRequest> requests, CancellationToken cancellation) =>
        _caller.ClientStreamAsync(ControlMethods.LoadSlices, requests, LoadSlicesReply.Parser, null, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<SliceChunk> ReadSlicesAsync(ReadSlicesRequest request, CancellationToken cancellation) =>
        _caller.ServerStreamAsync(ControlMethods.ReadSlices, request, SliceChunk.Parser, cancellation);

    /// <inheritdoc/>
    public Task<StartReply> StartAsync(StartRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Start, request, StartReply.Parser, null, cancellation);

    /// <inheritdoc/>
    public Task<StopReply> StopAsync(StopRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Stop, request, StopReply.Parser, Within, cancellation);

    /// <inheritdoc/>
    public Task<DrainReply> DrainAsync(DrainRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Drain, request, DrainReply.Parser, null, cancellation);

    /// <inheritdoc/>
    public Task<StatusReply> StatusAsync(StatusRequest request, CancellationToken cancellation) =>
        _caller.UnaryAsync(ControlMethods.Status, request, StatusReply.Parser, Within, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchRequest request, CancellationToken cancellation) =>
        _caller.ServerStreamAsync(ControlMethods.Watch, request, WatchEvent.Parser, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<TraceChunk> TraceAsync(TraceRequest request, CancellationToken cancellation) =>
        _caller.ServerStreamAsync(ControlMethods.Trace, request, TraceChunk.Parser, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint to, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var stream = default(NetworkStream);
        try
        {
            await socket.ConnectAsync(to, cancellation);
            stream = new(socket, ownsSocket: true);
            if (_key is not null) await KeyHandshake.ConnectAsync(stream, _key, cancellation);
            else RequireLoopback((IPEndPoint)socket.RemoteEndPoint!);
            return stream;
        }
        catch
        {
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static void RequireLoopback(IPEndPoint peer)
    {
        var address = peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address;
        if (!IPAddress.IsLoopback(address))
            throw new HandshakeException($"{new IPEndPoint(address, peer.Port)} is another machine and there is no "
                + "key; make one with 'minka key new' and give it to all machines");
    }
}
