using System.Text;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Joining;

/// <summary>Frames of a handshake: small, few, each of a known type and length.</summary>
internal sealed class HandshakeLine(Stream stream, int epoch)
{
    private const int MagicBytes = 4;

    private ulong _sent, _received;

    public async Task SendAsync(FrameType type, byte[] payload, CancellationToken cancellation)
    {
        var frame = new byte[Frame.HeaderBytes + payload.Length];
        payload.CopyTo(frame, Frame.HeaderBytes);
        Frame.Write(frame, type, _sent++, epoch);
        await stream.WriteAsync(frame, cancellation);
        await stream.FlushAsync(cancellation);
    }

    /// <summary>Tells the other side why; it may be gone already.</summary>
    public async Task RefuseAsync(string sentence, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(FrameType.Refusal, Encoding.UTF8.GetBytes(sentence)[..Math.Min(
                sentence.Length, Handshake.PayloadMax)], cancellation);
        }
        catch (IOException)
        {
            // It does not want to know.
        }
    }

    /// <summary>Reads the frame that is due.</summary>
    /// <exception cref="HandshakeException">Another came, or what came is no frame.</exception>
    public async Task<byte[]> ReceiveAsync(FrameType type, int length, CancellationToken cancellation)
    {
        var header = new byte[Frame.HeaderBytes];
        await ReadAsync(header.AsMemory(0, MagicBytes), cancellation);
        if (BitConverter.ToUInt32(header) != Frame.Magic)
            throw new HandshakeException(
                $"it sent {Convert.ToHexStringLower(header, 0, MagicBytes)}, which is not our protocol");
        await ReadAsync(header.AsMemory(MagicBytes), cancellation);
        var frame = Frame.Read(header, Handshake.PayloadMax, out var problem);
        if (problem is not null) throw new HandshakeException(problem);

        var bytes = new byte[Frame.HeaderBytes + frame.PayloadBytes];
        header.CopyTo(bytes, 0);
        await ReadAsync(bytes.AsMemory(Frame.HeaderBytes), cancellation);
        if (Frame.Checksum(bytes) != frame.Crc || frame.Sequence != _received++)
            throw new HandshakeException("a frame of it was damaged on the way or out of order");
        if (frame.Type == FrameType.Refusal)
            throw new HandshakeException($"it refuses: {Printable(bytes.AsSpan(Frame.HeaderBytes))}");
        if (frame.Type != type || frame.PayloadBytes != length)
            throw new HandshakeException($"it sent a frame of type {(int)frame.Type} with {frame.PayloadBytes} bytes; "
                + $"{type} with {length} is due");
        return bytes[Frame.HeaderBytes..];
    }

    private async Task ReadAsync(Memory<byte> into, CancellationToken cancellation)
    {
        var count = await stream.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancellation);
        if (count < into.Length) throw new HandshakeException("it closed the connection");
    }

    /// <summary>What a stranger wrote goes to a log: no control characters.</summary>
    private static string Printable(ReadOnlySpan<byte> utf8) =>
        string.Concat(Encoding.UTF8.GetString(utf8).Select(letter => char.IsControl(letter) ? '?' : letter));
}
