using System.Net;
using System.Net.Sockets;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Joining;

/// <summary>Joins the ranks of a cluster: each connects to the ones below it and is found by the ones above.</summary>
public static class TcpMesh
{
    private static readonly TimeSpan _retryFirst = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _retryMax = TimeSpan.FromSeconds(1);

    /// <summary>Connects this rank to all others.</summary>
    /// <param name="listener">Where the ranks above this one connect; stays the caller's.</param>
    /// <param name="me">Which rank this is.</param>
    /// <param name="peers">Where each rank listens, by rank.</param>
    /// <param name="options">How the transport waits.</param>
    /// <param name="within">Time until all must be there.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="PeerLostException">A rank did not come, or is not of this cluster; says why.</exception>
    /// <exception cref="InvalidOperationException">A peer is not on loopback and there is no key.</exception>
    public static async Task<TcpTransport> JoinAsync(
        PeerListener listener, MeshIdentity me, IReadOnlyList<EndPoint> peers, TcpTransportOptions options,
        TimeSpan within, CancellationToken cancellation)
    {
        if (peers.Count != me.Size || (uint)me.Rank >= (uint)me.Size)
            throw new ArgumentException($"Rank {me.Rank} of {me.Size} was given {peers.Count} addresses.");
        if (me.ModelHash.Length != 64 || me.PlanHash.Length != 64)
            throw new ArgumentException("The hashes of model and plan are 64 hexadecimal digits each.");
        using var deadline = new CancellationTokenSource(within, listener.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        var expectation = new Expectation(me);
        listener.Expect(expectation);
        var joining = Enumerable.Range(0, me.Size).Where(rank => rank != me.Rank)
            .Select(rank => JoinOneAsync(
                listener, me, rank, peers[rank], expectation, options.SharesMemory, either.Token)).ToList();
        try
        {
            var joined = await Task.WhenAll(joining);
            var sockets = new Socket?[me.Size];
            var lanes = new SharedLane?[me.Size];
            foreach (var (rank, socket, lane) in joined) (sockets[rank], lanes[rank]) = (socket, lane);
            return new(me.Rank, sockets, me.Epoch, options, lanes);
        }
        catch
        {
            await either.CancelAsync();
            expectation.Dispose();
            await CloseAllAsync(joining);
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
        finally
        {
            listener.Expect(null);
        }
    }

    private static async Task<(int Rank, Socket Socket, SharedLane? Lane)> JoinOneAsync(
        PeerListener listener, MeshIdentity me, int rank, EndPoint peer, Expectation expectation, bool sharesMemory,
        CancellationToken cancellation)
    {
        var socket = rank < me.Rank
            ? await ConnectAsync(listener, me, rank, peer, cancellation)
            : await AcceptAsync(me, rank, expectation, cancellation);
        try
        {
            return (rank, socket, await LaneOffer.AgreeAsync(socket, rank < me.Rank, sharesMemory, cancellation));
        }
        catch (Exception gone) when (gone is IOException or HandshakeException or OperationCanceledException)
        {
            socket.Dispose();
            throw new PeerLostException(rank, gone.Message.TrimEnd('.'));
        }
    }

    private static async Task<Socket> AcceptAsync(
        MeshIdentity me, int rank, Expectation expectation, CancellationToken cancellation)
    {
        try
        {
            return await expectation.ComesAsync(rank).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            throw new PeerLostException(rank, $"it did not connect to rank {me.Rank} in time");
        }
    }

    /// <summary>Tries until the other side listens and expects this rank, or time is over.</summary>
    private static async Task<Socket> ConnectAsync(
        PeerListener listener, MeshIdentity me, int rank, EndPoint peer, CancellationToken cancellation)
    {
        var last = "nobody answered";
        for (var rest = _retryFirst; ; rest = rest * 2 < _retryMax ? rest * 2 : _retryMax)
        {
            var socket = default(Socket);
            try
            {
                socket = await PolledStream.ConnectAsync(peer, cancellation);
                RequireKey(listener, (IPEndPoint)socket.RemoteEndPoint!);
                using var stream = new PolledStream(socket);
                var theirs = await Handshake.ConnectAsync(
                    stream, Handshake.Mesh, me, listener.Key, cancellation);
                if (theirs.Identity.Rank != rank)
                    throw new HandshakeException($"rank {theirs.Identity.Rank} answered");
                return socket;
            }
            catch (OperationCanceledException)
            {
                socket?.Dispose();
                throw new PeerLostException(rank, $"{last} at {peer}");
            }
            catch (Exception refused) when (refused is SocketException or IOException or HandshakeException)
            {
                socket?.Dispose();
                last = refused.Message.TrimEnd('.');
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
            await RestAsync(rest, listener.Time, cancellation);
        }
    }

    /// <summary>Ends early without an exception: the next attempt says what the last one found.</summary>
    private static Task RestAsync(TimeSpan rest, TimeProvider time, CancellationToken cancellation) =>
        Task.Delay(rest, time, cancellation).ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private static void RequireKey(PeerListener listener, IPEndPoint peer)
    {
        var address = peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address;
        if (!listener.HasKey && !IPAddress.IsLoopback(address))
            throw new InvalidOperationException($"Connecting to {peer} needs a key, since it is another machine. Make "
                + "one with 'minka key new' and give it to all machines.");
    }

    private static async Task CloseAllAsync(List<Task<(int Rank, Socket Socket, SharedLane? Lane)>> joining)
    {
        foreach (var one in joining)
        {
            try
            {
                var joined = await one;
                joined.Socket.Dispose();
                joined.Lane?.Dispose();
            }
            catch (Exception expected) when (expected is PeerLostException or InvalidOperationException
                or SocketException or OperationCanceledException)
            {
                // What was lost first is thrown by the caller.
            }
        }
    }
}
