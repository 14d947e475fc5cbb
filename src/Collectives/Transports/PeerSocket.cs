using System.Net.Sockets;
using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>One connected socket, and what came from it and was not yet taken.</summary>
/// <param name="socket">Connected and authenticated; owned.</param>
/// <param name="peer">The rank at the other end.</param>
/// <param name="epoch">The cluster's incarnation: frames of another are refused.</param>
/// <param name="payloadMax">Longest payload in bytes.</param>
/// <param name="lane">Memory that carries the bytes instead; owned. The socket then wakes whoever sleeps.</param>
internal sealed class PeerSocket(Socket socket, int peer, int epoch, int payloadMax, SharedLane? lane = null)
    : IDisposable
{
    private static readonly byte[] _bell = [1];

    // Two frames: one that is being taken, and one that may come early while we still send.
    private readonly byte[] _buffer =
        GC.AllocateUninitializedArray<byte>(2 * (Frame.HeaderBytes + payloadMax), pinned: true);
    private int _start, _end;
    private bool _isOver;
    private ulong _sent, _received;

    public int Peer => peer;

    public LinkMetrics Metrics { get; } =
        new(peer) { HealthSource = () => TcpInfo.Read(socket), IsShared = lane is not null };

    /// <summary>Why nothing more will come, as a clause; null while the connection is open.</summary>
    public string? Closed { get; private set; }

    /// <summary>Why nothing more can be sent, as a clause; what came before may still be read.</summary>
    public string? SendProblem { get; private set; }

    /// <summary>The other side said that it leaves in order.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>The rank that the other side has lost; -1 if it said nothing of the kind.</summary>
    public int LostThere { get; private set; } = -1;

    public ulong NextSequence() => _sent++;

    /// <summary>Hands over as much as the socket takes now; 0 if it takes nothing.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (SendProblem is not null) return 0;
        if (lane is null) return Hand(bytes);
        try
        {
            var count = lane.TryWrite(bytes, out var isAsleep);
            // A bell that the socket does not take is one of many that nobody has heard yet.
            if (isAsleep && count > 0) Hand(_bell);
            return count;
        }
        catch (Exception over) when (over is ObjectDisposedException or InvalidDataException)
        {
            SendProblem = Clause(over);
        }
        return 0;
    }

    private int Hand(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var count = socket.Send(bytes, SocketFlags.None, out var error);
            if (error is SocketError.Success) return count;
            if (error is not (SocketError.WouldBlock or SocketError.IOPending)) SendProblem = Clause(error);
        }
        catch (ObjectDisposedException)
        {
            SendProblem = "the link was closed here";
        }
        return 0;
    }

    /// <summary>Takes what has come; 0 if nothing has, or there is no room.</summary>
    public int TryFill()
    {
        // What the other side wrote before it closed the connection is still there.
        if (Closed is not null && (lane is null || _isOver)) return 0;
        if (_start > 0 && _end == _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        var room = _buffer.AsSpan(_end);
        if (room.Length == 0) return 0;
        var count = lane is null ? Take(room) : TakeShared(room);
        _end += count;
        return count;
    }

    private int TakeShared(Span<byte> room)
    {
        try
        {
            return lane!.TryRead(room);
        }
        catch (Exception over) when (over is ObjectDisposedException or InvalidDataException)
        {
            _isOver = true;
            Closed ??= Clause(over);
        }
        return 0;
    }

    /// <summary>Takes bytes from the socket; 0 if there are none, and it may be closed now.</summary>
    private int Take(Span<byte> room)
    {
        try
        {
            var count = socket.Receive(room, SocketFlags.None, out var error);
            if (error is SocketError.Success && count > 0) return count;
            if (error is SocketError.Success) Closed = "it closed the connection";
            else if (error is not (SocketError.WouldBlock or SocketError.IOPending)) Closed ??= Clause(error);
        }
        catch (ObjectDisposedException)
        {
            Closed ??= "the link was closed here";
        }
        return 0;
    }

    /// <summary>Takes the next message if all of it is here.</summary>
    /// <param name="message">It; valid until the next call.</param>
    /// <param name="problem">Why the connection cannot go on, as a clause.</param>
    public bool TryTake(out ReadOnlySpan<byte> message, out string? problem)
    {
        message = default;
        problem = null;
        if (_end - _start < Frame.HeaderBytes) return false;
        var frame = Frame.Read(_buffer.AsSpan(_start), payloadMax, out problem);
        if (problem is not null || _end - _start < Frame.HeaderBytes + frame.PayloadBytes) return false;

        var bytes = _buffer.AsSpan(_start, Frame.HeaderBytes + frame.PayloadBytes);
        problem = Problem(frame, bytes);
        if (problem is not null) return false;
        _received++;
        _start += bytes.Length;
        if (_start == _end) (_start, _end) = (0, 0);
        Metrics.Received(bytes.Length);
        if (frame.Type != FrameType.Data)
        {
            Note(frame, bytes);
            return false;
        }
        message = bytes[Frame.HeaderBytes..];
        return true;
    }

    /// <summary>Looks behind the messages that are here for a frame that says why the other side left.</summary>
    public void LookForParting()
    {
        for (var at = _start; _end - at >= Frame.HeaderBytes;)
        {
            var frame = Frame.Read(_buffer.AsSpan(at), payloadMax, out var problem);
            var length = Frame.HeaderBytes + frame.PayloadBytes;
            if (problem is not null || _end - at < length) return;
            Note(frame, _buffer.AsSpan(at, length));
            at += length;
        }
    }

    /// <summary>Where bytes go through memory, looks whether the connection still stands.</summary>
    public void LookForEnd()
    {
        if (lane is null) return;
        Span<byte> bells = stackalloc byte[64];
        while (Closed is null && Take(bells) > 0)
        {
            // The bells are heard.
        }
        SendProblem ??= Closed;
    }

    /// <summary>Sleeps until something can be read or written.</summary>
    /// <returns>False if the time passed first.</returns>
    public bool Sleep(TimeSpan atMost, SelectMode mode)
    {
        try
        {
            if (lane is null) return socket.Poll(atMost, mode);
            if (lane.SetAsleep(mode == SelectMode.SelectRead) && mode == SelectMode.SelectRead)
            {
                lane.SetAsleep(false);
                return true;
            }
            var isWoken = socket.Poll(atMost, SelectMode.SelectRead);
            lane.SetAsleep(false);
            if (isWoken) LookForEnd();
            // Room is not announced: who waits for it looks again after a while.
            return mode == SelectMode.SelectRead ? isWoken : Closed is not null;
        }
        catch (Exception gone) when (gone is ObjectDisposedException or SocketException)
        {
            Closed ??= "the link was closed here";
            return true;
        }
    }

    public void Dispose()
    {
        Closed ??= "the link was closed here";
        socket.Dispose();
        lane?.Dispose();
    }

    /// <summary>Says that nothing more will be sent, so that what was sent still arrives.</summary>
    public void Shutdown()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is ObjectDisposedException or SocketException)
        {
            Closed ??= "the link was closed here";
        }
    }

    private void Note(Frame frame, ReadOnlySpan<byte> bytes)
    {
        if (frame.Type == FrameType.Bye) HasLeft = true;
        if (frame.Type != FrameType.Lost) return;
        LostThere = bytes.Length == Frame.HeaderBytes + 4 ? BitConverter.ToInt32(bytes[Frame.HeaderBytes..]) : peer;
    }

    private static string Clause(Exception over) => over is ObjectDisposedException
        ? "the link was closed here"
        : "it damaged the memory that the ranks share";

    private static string Clause(SocketError error) => error switch
    {
        SocketError.ConnectionReset => "it reset the connection",
        SocketError.Shutdown => "it closed the connection",
        SocketError.TimedOut => "its machine does not answer",
        _ => $"the connection failed with {error}",
    };

    private string? Problem(Frame frame, ReadOnlySpan<byte> bytes) =>
        Frame.Checksum(bytes) != frame.Crc ? "a frame of it was damaged on the way (CRC32C)"
        : frame.Epoch != epoch ? $"it sent a frame of epoch {frame.Epoch}; this is epoch {epoch}"
        : frame.Sequence != _received ? $"it sent frame {frame.Sequence} where frame {_received} is due"
        : frame.Type is not (FrameType.Data or FrameType.Lost or FrameType.Bye)
            ? $"it sent a frame of type {frame.Type} among data"
        : null;
}
