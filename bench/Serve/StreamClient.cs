using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Minka.Bench.Serve;

/// <summary>The cheapest client there is: it takes bytes from a socket until a streamed answer has ended. What a client
/// costs is not the server's, so it should cost nothing.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly Socket _socket;
    private readonly string _host;
    private readonly byte[] _bytes = new byte[1 << 16];

    private StreamClient(Socket socket, string host) => (_socket, _host) = (socket, host);

    public static async Task<StreamClient> ConnectAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port);
        return new StreamClient(socket, server.Authority);
    }

    /// <summary>Posts JSON and reads a stream of events.</summary>
    /// <exception cref="InvalidDataException">It is no such stream, or has far fewer events than tokens.</exception>
    public async Task AskAsync(string path, ReadOnlyMemory<byte> body, int tokens)
    {
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: {_host}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n");
        byte[] request = [.. Encoding.ASCII.GetBytes(head), .. body.Span];
        await _socket.SendAsync(request);
        // The tail of what came before stands in front, so that no mark is cut.
        int kept = 0, events = 0;
        for (var isFirst = true; ; isFirst = false)
        {
            var read = await _socket.ReceiveAsync(_bytes.AsMemory(kept));
            if (read == 0) throw new InvalidDataException("The server closed the connection.");
            var seen = _bytes.AsSpan(0, kept + read);
            if (isFirst && !seen.StartsWith("HTTP/1.1 200"u8))
                throw new InvalidDataException(Encoding.UTF8.GetString(seen));
            events += seen[kept..].Count("data: "u8);
            if (seen.EndsWith("\r\n0\r\n\r\n"u8)) break;
            kept = Math.Min(8, seen.Length);
            seen[^kept..].CopyTo(_bytes);
        }
        // Some tokens are no text by themselves.
        if (events < tokens / 2) throw new InvalidDataException($"{events} events for {tokens} tokens.");
    }

    public void Dispose() => _socket.Dispose();
}
