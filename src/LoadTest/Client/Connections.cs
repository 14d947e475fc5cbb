using System.Net.Sockets;

namespace Minka.LoadTest.Client;

/// <summary>How connections are made.</summary>
internal static class Connections
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A client of a server.</summary>
    /// <param name="target">The server, keys and headers.</param>
    /// <param name="keeps">A connection serves one request after another.</param>
    /// <param name="bodyBytesMax">Bytes of an answer that is read whole.</param>
    public static HttpClient Client(LoadTarget target, bool keeps, int bodyBytesMax)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = _connectTimeout,
            ConnectCallback = ConnectAsync,
            MaxConnectionsPerServer = int.MaxValue,
            PooledConnectionLifetime = keeps ? Timeout.InfiniteTimeSpan : TimeSpan.Zero,
        };
        if (target.IsInsecure)
#pragma warning disable CA5359 // That is what --insecure asks for.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        var client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = bodyBytesMax,
        };
        if (target.ApiKey is { } key) client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        foreach (var (name, value) in target.Headers) client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        return client;
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
