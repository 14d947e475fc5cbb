using System.Buffers.Binary;
using System.Net.Sockets;
using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>Ranks joined by TCP, one connection for each pair.</summary>
/// <remarks>
/// The thread that waits is the thread that reads: no other one has to be woken, and no core spins beside the one
/// that computes (<c>docs/decisions</c>, 0003). A receiver asks again and again for some microseconds, then sleeps
/// in the kernel. Messages of peers that are not waited for stay in the kernel's buffers, or, while a send is
/// held up, come into ours. Ranks that share memory send their bytes through it; their connection then only wakes
/// sleepers, and tells that the other side is gone.
/// </remarks>
public sealed class TcpTransport : ITransport
{
    /// <summary>How often a sleeper looks whether another rank has left.</summary>
    private static readonly TimeSpan _lookAround = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a held-up sender sleeps before it takes in what others send.</summary>
    private static readonly TimeSpan _heldUp = TimeSpan.FromMilliseconds(1);

    private readonly PeerSocket?[] _peers;
    private readonly TcpTransportOptions _options;
    private readonly byte[] _outgoing;
    private readonly LinkMetrics _self;
    private readonly int _epoch;
    private readonly long _spinTicks;
    private long _wait, _transfer;
    private PeerLostException? _lost;
    private volatile bool _isAborted;

    /// <param name="rank">This rank.</param>
    /// <param name="sockets">Connected and authenticated, by rank; null at this rank. Owned.</param>
    /// <param name="epoch">The cluster's incarnation.</param>
    /// <param name="options">How to wait.</param>
    /// <param name="lanes">Memory shared with each rank; null where there is none. Owned.</param>
    internal TcpTransport(
        int rank, IReadOnlyList<Socket?> sockets, int epoch, TcpTransportOptions options,
        IReadOnlyList<SharedLane?>? lanes = null)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Values travel little-endian; this machine is big-endian.");
        (Rank, Size, _epoch, _options) = (rank, sockets.Count, epoch, options);
        _self = new(rank);
        _spinTicks = (long)(options.Spin.TotalSeconds * options.Time.TimestampFrequency);
        _outgoing = GC.AllocateUninitializedArray<byte>(Frame.HeaderBytes + options.MessageBytesMax, pinned: true);
        _peers = new PeerSocket?[Size];
        for (var i = 0; i < Size; i++)
        {
            if (sockets[i] is not { } socket) continue;
            SocketTuning.ForCollectives(socket);
            _peers[i] = new(socket, i, epoch, options.MessageBytesMax, lanes?[i]);
        }
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int MessageBytesMax => _options.MessageBytesMax;

    /// <inheritdoc/>
    public TimeProvider Time => _options.Time;

    /// <inheritdoc/>
    public TransportTimes Times => new(_wait, _transfer);

    /// <inheritdoc/>
    public LinkMetrics Link(int peer) => peer == Rank ? _self : At(peer).Metrics;

    /// <inheritdoc/>
    public void Send(int peer, ReadOnlySpan<byte> message)
    {
        if (message.Length > MessageBytesMax)
            throw new ArgumentException($"The message has {message.Length} bytes; a frame carries {MessageBytesMax}.");
        var to = At(peer);
        ThrowIfLost();

        var start = Time.GetTimestamp();
        var frame = _outgoing.AsSpan(0, Frame.HeaderBytes + message.Length);
        message.CopyTo(frame[Frame.HeaderBytes..]);
        Frame.Write(frame, FrameType.Data, to.NextSequence(), _epoch);
        var sent = to.TrySend(frame);
        if (sent < frame.Length) SendRest(to, frame[sent..]);
        to.Metrics.Sent(frame.Length);
        _transfer += Time.GetTimestamp() - start;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Receive(int peer, TimeSpan? within = null)
    {
        var from = At(peer);
        ThrowIfLost();
        if (from.TryTake(out var message, out var problem)) return message;

        var deadline = within ?? _options.Deadline;
        var (start, first) = (Time.GetTimestamp(), 0L);
        var (spinFrom, lastByte) = (start, start);
        while (true)
        {
            if (from.TryFill() > 0)
            {
                spinFrom = lastByte = Time.GetTimestamp();
                if (first == 0) first = lastByte;
                if (from.TryTake(out message, out problem)) break;
            }
            else if (problem is not null || from.Closed is not null || from.LostThere >= 0 || from.HasLeft)
            {
                throw Gone(from, problem);
            }
            else if (Time.GetTimestamp() - spinFrom > _spinTicks)
            {
                Sleep(from, lastByte, deadline); // Asks on only when something has come: idle ranks cost nothing.
            }
            else
            {
                Thread.Yield(); // The peer may be waiting for this very core.
            }
        }
        _wait += first - start;
        from.Metrics.Wait.Record(TraceLog.Nanoseconds(first - start, Time.TimestampFrequency));
        _transfer += Time.GetTimestamp() - first;
        return message;
    }

    /// <inheritdoc/>
    public PeerLostException Lose(int peer, string reason)
    {
        _lost ??= new(peer, reason);
        Span<byte> frame = stackalloc byte[Frame.HeaderBytes + 4];
        BinaryPrimitives.WriteInt32LittleEndian(frame[Frame.HeaderBytes..], _lost.Rank);
        foreach (var other in _peers)
        {
            if (other is null || other.Closed is not null) continue;
            Frame.Write(frame, FrameType.Lost, other.NextSequence(), _epoch);
            other.TrySend(frame); // Best effort: a peer that does not take it sees the connection close.
            other.Shutdown();
        }
        Close();
        return _lost;
    }

    /// <inheritdoc/>
    public void Abort()
    {
        _isAborted = true;
        Close();
    }

    /// <summary>Tells the others that this rank leaves in order, and closes.</summary>
    public void Dispose()
    {
        Span<byte> frame = stackalloc byte[Frame.HeaderBytes];
        foreach (var other in _peers)
        {
            if (other is null || other.Closed is not null) continue;
            Frame.Write(frame, FrameType.Bye, other.NextSequence(), _epoch);
            other.TrySend(frame);
            other.Shutdown();
        }
        Close();
    }

    private void SendRest(PeerSocket to, ReadOnlySpan<byte> rest)
    {
        var lastByte = Time.GetTimestamp();
        while (rest.Length > 0)
        {
            var sent = to.TrySend(rest);
            if (sent > 0)
            {
                rest = rest[sent..];
                lastByte = Time.GetTimestamp();
            }
            else if (to.SendProblem is not null)
            {
                while (to.TryFill() > 0)
                {
                    // It may have said why it left.
                }
                throw Gone(to, null);
            }
            else if (!FillOthers() && !to.Sleep(_heldUp, SelectMode.SelectWrite))
            {
                ThrowIfSilent(to, lastByte, _options.Deadline, "it took nothing");
            }
        }
    }

    /// <summary>Takes in what has come from anyone.</summary>
    private bool FillOthers()
    {
        var any = false;
        foreach (var peer in _peers)
            if (peer is not null) any |= peer.TryFill() > 0;
        return any;
    }

    private void Sleep(PeerSocket from, long lastByte, TimeSpan deadline)
    {
        if (from.Sleep(_lookAround, SelectMode.SelectRead)) return;
        ThrowIfSilent(from, lastByte, deadline, "it was silent");

        // A rank that gave up has told us which one it lost: no need to wait for the silent one until the deadline.
        foreach (var other in _peers)
        {
            if (other is null || other == from) continue;
            other.LookForEnd();
            other.TryFill(); // After it, so that what was written before the end is here.
            if (other.Closed is null) continue;
            other.LookForParting();
            if (!other.HasLeft) throw Gone(other, null);
        }
    }

    private void ThrowIfSilent(PeerSocket peer, long since, TimeSpan deadline, string what)
    {
        var silence = Time.GetElapsedTime(since);
        if (deadline != Timeout.InfiniteTimeSpan && silence > deadline)
            throw Lose(peer.Peer, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{what} for {silence.TotalSeconds:0.0} s"));
    }

    /// <summary>Finds out who is lost: the peer, or the one that the peer has lost.</summary>
    private PeerLostException Gone(PeerSocket peer, string? problem)
    {
        if (_isAborted) return new(Rank, "this rank was stopped");
        if (problem is null) peer.LookForParting();
        if (problem is null && peer.LostThere >= 0 && peer.LostThere < Size)
            return Lose(peer.LostThere, $"rank {peer.Peer} says so");
        problem ??= peer.HasLeft ? "it left the group" : peer.Closed ?? peer.SendProblem ?? "it gave up";
        return Lose(peer.Peer, problem);
    }

    private void ThrowIfLost()
    {
        if (_isAborted) throw new PeerLostException(Rank, "this rank was stopped");
        if (_lost is not null) throw new PeerLostException(_lost.Rank, _lost.Reason);
    }

    private PeerSocket At(int peer) => (uint)peer < (uint)Size && _peers[peer] is { } socket
        ? socket
        : throw new ArgumentOutOfRangeException(nameof(peer), peer, $"Rank {Rank} of {Size} has no link to it.");

    private void Close()
    {
        foreach (var peer in _peers) peer?.Dispose();
    }
}
