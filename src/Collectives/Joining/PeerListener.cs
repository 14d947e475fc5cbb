using System.Net;
using System.Net.Sockets;

namespace Minka.Collectives.Joining;

/// <summary>
/// The port where ranks of higher number connect. It serves one cluster after another for as long as the process lives:
/// strangers, garbage, half-open and slow connections are closed with one line in the log and never stop it.
/// </summary>
public sealed class PeerListener : IAsyncDisposable
{
    /// <summary>Connections that may be in their handshake at once; the oldest makes room for a new one.</summary>
    public const int UnauthenticatedMax = 64;

    private const string NotNow = "this process is not part of a cluster now";

    private static readonly TimeSpan _rest = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly PeerListenerOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly LinkedList<CancellationTokenSource> _unauthenticated = new();
    private readonly Task _accepting;
    private Expectation? _expectation;

    private PeerListener(Socket listener, PeerListenerOptions options)
    {
        (_listener, _options) = (listener, options);
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint EndPoint { get; }

    internal PresharedKey Key => _options.Key ?? PresharedKey.None;

    internal bool HasKey => _options.Key is not null;

    internal TimeProvider Time => _options.Time;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="InvalidOperationException">The address is not loopback and there is no key.</exception>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static PeerListener Start(IPEndPoint endPoint, PeerListenerOptions options)
    {
        RequireKey(endPoint, options.Key);
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(endPoint);
            listener.Listen(512);
            return new(listener, options);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Refuses to let other machines in without a key.</summary>
    /// <exception cref="InvalidOperationException">The address is not loopback and there is no key.</exception>
    public static void RequireKey(IPEndPoint endPoint, PresharedKey? key)
    {
        if (key is null && !IPAddress.IsLoopback(endPoint.Address))
            throw new InvalidOperationException($"Listening on {endPoint} needs a key, since other machines reach it. "
                + "Make one with 'minka key new' and give it to all machines, or listen on 127.0.0.1.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    /// <summary>Takes ranks above this one of one cluster until <paramref name="expectation"/> is disposed.</summary>
    internal void Expect(Expectation? expectation) => Volatile.Write(ref _expectation, expectation);

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptAsync(_stop.Token));
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException wrong)
            {
                // The connection died in the queue, or there are no more handles: the next one may do better.
                _options.Log($"Accepting failed with {wrong.SocketErrorCode}.");
                await Task.Delay(_rest, _options.Time, CancellationToken.None);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var from = "an unknown address";
        using var deadline = new CancellationTokenSource(_options.HandshakeTimeout, _options.Time);
        var place = Enter(deadline);
        var expectation = Volatile.Read(ref _expectation);
        try
        {
            from = socket.RemoteEndPoint?.ToString() ?? from;
            socket.NoDelay = true;
            using var stream = new PolledStream(socket);
            var theirs = await Handshake.AcceptAsync(
                stream, Handshake.Mesh, expectation?.Identity ?? Expectation.Nobody,
                (mine, hello) => Refusal(expectation, mine, hello), Key, deadline.Token);
            if (!expectation!.Take(theirs.Identity.Rank, socket))
                throw new HandshakeException($"rank {theirs.Identity.Rank} is connected already");
        }
        catch (Exception refused) when (refused is HandshakeException or IOException or SocketException
            or OperationCanceledException or ObjectDisposedException)
        {
            // Who has the key and comes too early tries again; there is nothing to look into.
            if (refused.Message != NotNow) _options.Log($"A connection from {from} was closed: {Reason(refused)}.");
            socket.Dispose();
        }
        finally
        {
            Leave(place);
        }
    }

    private string Reason(Exception refused) => refused is OperationCanceledException
        ? $"it did not finish its handshake within {_options.HandshakeTimeout.TotalSeconds:0.###} s, or made room"
        : refused.Message;

    private static string? Refusal(Expectation? expectation, Hello mine, Hello theirs)
    {
        if (expectation is null) return NotNow;
        return Hello.Mismatch(mine, theirs) ?? (expectation.Awaits(theirs.Identity.Rank)
            ? null
            : $"rank {theirs.Identity.Rank} is not one that rank {mine.Identity.Rank} waits for");
    }

    private LinkedListNode<CancellationTokenSource> Enter(CancellationTokenSource deadline)
    {
        lock (_unauthenticated)
        {
            if (_unauthenticated.Count >= UnauthenticatedMax)
            {
                var oldest = _unauthenticated.First!;
                _unauthenticated.RemoveFirst();
                oldest.Value.Cancel();
            }
            return _unauthenticated.AddLast(deadline);
        }
    }

    private void Leave(LinkedListNode<CancellationTokenSource> place)
    {
        lock (_unauthenticated)
            if (place.List is not null) _unauthenticated.Remove(place);
    }
}

/// <summary>How a listener treats those who connect.</summary>
public sealed record PeerListenerOptions
{
    /// <summary>The key; null only on loopback.</summary>
    public PresharedKey? Key { get; init; }

    /// <summary>Longest handshake, from connection to proof.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Takes one line for each connection that is refused.</summary>
    public Action<string> Log { get; init; } = _ => { };

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
