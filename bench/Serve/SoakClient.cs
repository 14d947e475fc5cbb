using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Minka.Bench.Serve;

/// <summary>Clients as they come: those that ask and read, and those that leave, stall and say half of it.</summary>
internal sealed class SoakClient(Uri server) : IDisposable
{
    private const string Path = "/v1/completions";

    private readonly HttpClient _http = new() { BaseAddress = server };
    private int _answered, _left, _halfOpen, _slow;

    public int Answered => _answered;

    public int Left => _left;

    public int HalfOpen => _halfOpen;

    public int Slow => _slow;

    /// <summary>Answers that should have been others.</summary>
    public ConcurrentBag<string> Wrong { get; } = [];

    public void Dispose() => _http.Dispose();

    public async Task ActAsync(Random chance)
    {
        switch (chance.Next(8))
        {
            case 0 or 1:
                await LeaveAsync(chance);
                break;
            case 2:
                await HalfOpenAsync(chance);
                break;
            case 3:
                await ReadSlowlyAsync(chance);
                break;
            default:
                await AskAsync(chance);
                break;
        }
    }

    /// <summary>Asks and reads to the end.</summary>
    public async Task AskAsync(Random chance)
    {
        using var content = Json(Body(chance));
        using var response = await _http.PostAsync(new Uri(Path, UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.OK && text.Contains("finish_reason\":\"", StringComparison.Ordinal))
            Interlocked.Increment(ref _answered);
        else Wrong.Add($"{(int)response.StatusCode}: {text}");
    }

    public async Task<SoakState> ReadAsync() =>
        SoakState.Read(await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative)));

    /// <summary>Waits until nothing runs; for ten seconds at most.</summary>
    public async Task SettleAsync()
    {
        for (var i = 0; i < 100 && await ReadAsync() is { Running: > 0 } or { UsedBlocks: > 0 }; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
    }

    /// <summary>Goes away at any moment.</summary>
    private async Task LeaveAsync(Random chance)
    {
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(chance.Next(1, 80)));
        using var content = Json(Body(chance));
        try
        {
            using var response = await _http.PostAsync(new Uri(Path, UriKind.Relative), content, leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // As meant.
        }
        Interlocked.Increment(ref _left);
    }

    /// <summary>Sends a part of a request, or all of it, stays a while and goes without a word.</summary>
    private async Task HalfOpenAsync(Random chance)
    {
        using var socket = await ConnectAsync();
        var request = Request(Body(chance));
        await socket.GetStream().WriteAsync(request.AsMemory(0, chance.Next(request.Length + 1)));
        if (chance.Next(2) == 0) socket.Client.Shutdown(SocketShutdown.Send);
        await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(500)), TimeProvider.System);
        if (chance.Next(2) == 0) socket.Client.LingerState = new LingerOption(true, 0);
        Interlocked.Increment(ref _halfOpen);
    }

    /// <summary>Takes a few bytes now and then from a long answer, then loses interest.</summary>
    private async Task ReadSlowlyAsync(Random chance)
    {
        using var socket = await ConnectAsync();
        socket.ReceiveBufferSize = 1024;
        await socket.GetStream().WriteAsync(Request(Body(chance, tokens: 800)));
        var buffer = new byte[256];
        for (var i = 0; i < 60 && await socket.GetStream().ReadAsync(buffer) > 0; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(20)), TimeProvider.System);
        Interlocked.Increment(ref _slow);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port);
        return socket;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private byte[] Request(string body) => Encoding.UTF8.GetBytes(
        $"POST {Path} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\n"
        + "Connection: close\r\n"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    private static string Body(Random chance, int tokens = 0) =>
        $$"""
        {"prompt":"Tale {{chance.Next(50)}} of","max_tokens":{{(tokens > 0 ? tokens : chance.Next(1, 60))}},
         "n":{{chance.Next(1, 4)}},"seed":{{chance.Next()}},"temperature":1,
         "stream":{{(tokens > 0 || chance.Next(2) == 0 ? "true" : "false")}}}
        """;
}
