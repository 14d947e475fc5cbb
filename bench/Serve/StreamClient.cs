using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Minka.Bench.Serve;

/// <summary>The cheapest client there is: it sleeps until a streamed answer has ended. What a client costs is not the
/// server's, and on another machine it would cost nothing here.</summary>
internal static class StreamClient
{
    private static readonly ConcurrentBag<byte[]> _buffers = [];
    private const int SocketLevel = 1, ReceiveLowWater = 18; // Linux

    /// <summary>Posts JSON and takes a stream of events, all at once when the server closes the connection.</summary>
    /// <exception cref="InvalidDataException">It is no such stream, or has far fewer events than tokens.</exception>
    public static void Ask(Uri server, string path, ReadOnlySpan<byte> body, int tokens)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = 1 << 20,
        };
        socket.Connect(server.Host, server.Port);
        socket.SetRawSocketOption(SocketLevel, ReceiveLowWater, BitConverter.GetBytes(1 << 19));
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\n"
            + $"Connection: close\r\nContent-Length: {body.Length}\r\n\r\n");
        byte[] request = [.. Encoding.ASCII.GetBytes(head), .. body];
        socket.Send(request);
        if (!_buffers.TryTake(out var answer)) answer = new byte[1 << 20];
        var length = 0;
        while (socket.Receive(answer.AsSpan(length)) is var read and > 0) length += read;
        var seen = answer.AsSpan(0, length);
        if (!seen.StartsWith("HTTP/1.1 200"u8) || !seen.EndsWith("\r\n0\r\n\r\n"u8))
            throw new InvalidDataException(Encoding.UTF8.GetString(seen));
        // Some tokens are no text by themselves.
        if (seen.Count("data: "u8) is var events && events < tokens / 2)
            throw new InvalidDataException($"{events} events for {tokens} tokens.");
        _buffers.Add(answer);
    }
}
