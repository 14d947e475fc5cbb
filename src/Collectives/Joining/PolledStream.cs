using System.Net;
using System.Net.Sockets;

namespace Minka.Collectives.Joining;

/// <summary>A connection between ranks as a stream, for their handshake: asked again and again.</summary>
/// <remarks>
/// The runtime watches a socket from its first asynchronous operation to its end. Every message of a rank would then
/// wake a thread of the runtime beside the one that waits for it (<c>docs/decisions</c>, 0003). A handshake is a few
/// frames, so that resting between questions costs it some milliseconds, once.
/// </remarks>
internal sealed class PolledStream : ConnectionStream
{
    private static readonly TimeSpan _restFirst = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan _restMax = TimeSpan.FromMilliseconds(16);

    private readonly Socket _socket;

    /// <param name="socket">Connected; stays the caller's, and does not block from here on.</param>
    public PolledStream(Socket socket) => (_socket, socket.Blocking) = (socket, false);

    /// <summary>Connects a socket that the runtime does not watch.</summary>
    /// <param name="to">Numbers, or a name whose addresses are tried in turn.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">Nobody answers there.</exception>
    /// <exception cref="SocketException">The name is not known.</exception>
    public static async Task<Socket> ConnectAsync(EndPoint to, CancellationToken cancellation)
    {
        var ends = await EndsOfAsync(to, cancellation);
        for (var i = 0; ; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
            try
            {
                await ConnectAsync(socket, ends[i], cancellation);
                return socket;
            }
            catch (IOException) when (i + 1 < ends.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = 0;
        await UntilAsync(() =>
        {
            count = _socket.Receive(buffer.Span, SocketFlags.None, out var error);
            return IsDone(error);
        }, cancellationToken);
        return count;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
            await UntilAsync(() =>
            {
                var count = _socket.Send(buffer.Span, SocketFlags.None, out var error);
                buffer = buffer[count..];
                return IsDone(error);
            }, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A handshake is asynchronous.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A handshake is asynchronous.");

    public override void Flush()
    {
        // What was written is on its way.
    }

    private static async Task<IPEndPoint[]> EndsOfAsync(EndPoint to, CancellationToken cancellation)
    {
        if (to is not DnsEndPoint name) return [(IPEndPoint)to];
        var addresses = await Dns.GetHostAddressesAsync(name.Host, cancellation);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        return [.. addresses.Select(address => new IPEndPoint(address, name.Port))];
    }

    private static async Task ConnectAsync(Socket socket, IPEndPoint to, CancellationToken cancellation)
    {
        var hasBegun = false;
        await UntilAsync(() =>
        {
            if (hasBegun)
            {
                if (!socket.Poll(0, SelectMode.SelectWrite) && !socket.Poll(0, SelectMode.SelectError)) return false;
                return IsDone((SocketError)(int)socket.GetSocketOption(
                    SocketOptionLevel.Socket, SocketOptionName.Error)!);
            }
            hasBegun = true;
            try
            {
                socket.Connect(to);
                return true;
            }
            catch (SocketException wait)
            {
                return IsDone(wait.SocketErrorCode);
            }
        }, cancellation);
    }

    private static bool IsDone(SocketError error) => error switch
    {
        SocketError.Success => true,
        SocketError.WouldBlock or SocketError.IOPending or SocketError.InProgress => false,
        _ => throw new SocketException((int)error),
    };

    private static async Task UntilAsync(Func<bool> isDone, CancellationToken cancellation)
    {
        for (var rest = _restFirst; ; rest = rest * 2 < _restMax ? rest * 2 : _restMax)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (isDone()) return;
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                throw new IOException(gone.Message, gone);
            }
            // Another process answers, in its own time: no clock of a test.
            await Task.Delay(rest, TimeProvider.System, cancellation);
        }
    }
}
