using System.Net.Sockets;
using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>One connected socket, and what came from it and was not yet taken.</summary>
/// <param name="socket">Connected and authenticated; owned.</param>
/// <param name="peer">The rank at the other end.</param>
/// <param name="epoch">The cluster's incarnation: frames of another are refused.</param>
/// <param name="payloadMax">Longest payload in bytes.</param>
internal sealed class PeerSocket(Socket socket, int peer, int epoch, int payloadMax) : IDisposable
{
    // Two frames: one that is being taken, and one that may come early while we still send.
    private readonly byte[] _buffer =
        GC.AllocateUninitializedArray<byte>(2 * (Frame.HeaderBytes + payloadMax), pinned: true);
    private int _start, _end;
    private ulong _sent, _received;

    public int Peer => peer;

    public LinkMetrics Metrics { get; } = new(peer) { HealthSource = () => TcpInfo.Read(socket) };

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
        if (Closed is not null) return 0;
        if (_start > 0 && _end == _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        var room = _buffer.AsSpan(_end);
        if (room.Length == 0) return 0;
        try
        {
            var count = socket.Receive(room, SocketFlags.None, out var error);
            if (error is SocketError.Success && count > 0)
            {
                _end += count;
                return count;
            }
            if (error is SocketError.Success) Closed = "it closed the connection";
            else if (error is not (SocketError.WouldBlock or SocketError.IOPending)) Closed = Clause(error);
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

    /// <summary>Sleeps until the socket can be read or written.</summary>
    /// <returns>False if the time passed first.</returns>
    public bool Sleep(TimeSpan atMost, SelectMode mode)
    {
        try
        {
            return socket.Poll(atMost, mode);
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
