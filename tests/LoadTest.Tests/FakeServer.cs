using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Minka.LoadTest.Tests;

/// <summary>An OpenAI server that does what a script says, byte by byte; one connection a request.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeExchange, Task> _answer;
    private readonly Task _accepting;
    private int _running;
    private int _peak;

    /// <param name="answer">Answers a request for text; everything else is answered as a plain server would.</param>
    public FakeServer(Func<FakeExchange, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Counts the tokens of a text for <c>/tokenize</c>; null for a server that has none.</summary>
    public Func<string, int>? Tokenize { get; init; }

    /// <summary>Requests for text, as JSON.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = [];

    /// <summary>Requests for text at the same time, at most.</summary>
    public int PeakConcurrency => _peak;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException
            or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var exchange = await FakeExchange.ReadAsync(client, _stop.Token);
                await AnswerAsync(exchange);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException
            or ObjectDisposedException)
        {
        }
    }

    private Task AnswerAsync(FakeExchange exchange) => exchange.Path switch
    {
        "/v1/models" => exchange.SendJsonAsync("""{"object":"list","data":[{"id":"fake","object":"model"}]}"""),
        "/tokenize" when Tokenize is { } count => exchange.SendJsonAsync(
            $"{{\"tokens\":[{string.Join(',', Enumerable.Range(0, count(exchange.Prompt)))}]}}"),
        "/v1/completions" or "/v1/chat/completions" => CountedAsync(exchange),
        _ => exchange.SendAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
    };

    private async Task CountedAsync(FakeExchange exchange)
    {
        Requests.Enqueue(exchange.Body);
        var running = Interlocked.Increment(ref _running);
        for (var seen = _peak; running > seen; seen = _peak) Interlocked.CompareExchange(ref _peak, running, seen);
        try
        {
            await _answer(exchange);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}

/// <summary>One request to <see cref="FakeServer"/> and the means to answer it.</summary>
internal sealed class FakeExchange(TcpClient client, string path, JsonElement body, CancellationToken cancellation)
{
    public string Path => path;

    public JsonElement Body => body;

    /// <summary>Tokens that were asked for.</summary>
    public int TokensAsked => body.TryGetProperty("max_tokens", out var old)
        ? old.GetInt32() : body.GetProperty("max_completion_tokens").GetInt32();

    /// <summary>Words of the prompt.</summary>
    public int Words => Prompt.Split(' ').Length;

    public string Prompt => (body.TryGetProperty("prompt", out var prompt)
        ? prompt : body.GetProperty("messages")[0].GetProperty("content")).GetString()!;

    public Task WaitAsync(double milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellation);

    public Task SendAsync(string text) =>
        client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text), cancellation).AsTask();

    public Task SendJsonAsync(string json, string status = "200 OK") => SendAsync(
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n"
        + $"Connection: close\r\n\r\n{json}");

    /// <summary>The head of a stream of events that ends with the connection.</summary>
    public Task BeginStreamAsync() => SendAsync(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n");

    public Task SendEventAsync(string data) => SendAsync($"data: {data}\n\n");

    public Task SendTokenAsync(string text = "x") => SendEventAsync(
        $$"""{"choices":[{"index":0,"text":"{{text}}","finish_reason":null}]}""");

    public async Task EndStreamAsync(int promptTokens, int outputTokens)
    {
        await SendEventAsync("""{"choices":[{"index":0,"text":"","finish_reason":"length"}]}""");
        await SendEventAsync(string.Create(CultureInfo.InvariantCulture,
            $"{{\"choices\":[],\"usage\":{{\"prompt_tokens\":{promptTokens},\"completion_tokens\":{outputTokens}}}}}"));
        await SendEventAsync("[DONE]");
    }

    /// <summary>A whole answer: the first token after a while, the others at equal gaps.</summary>
    public async Task AnswerAsync(double firstMs, double gapMs, int? tokens = null)
    {
        var count = tokens ?? TokensAsked;
        await BeginStreamAsync();
        for (var i = 0; i < count; i++)
        {
            await WaitAsync(i == 0 ? firstMs : gapMs);
            await SendTokenAsync();
        }
        await EndStreamAsync(Words, count);
    }

    /// <summary>Breaks the connection as a crash would.</summary>
    public void Reset()
    {
        client.Client.LingerState = new(true, 0);
        client.Client.Dispose(); // the stream would shut down first, which is no reset
    }

    public static async Task<FakeExchange> ReadAsync(TcpClient client, CancellationToken cancellation)
    {
        var received = new List<byte>();
        var buffer = new byte[64 << 10];
        var headEnd = -1;
        var length = 0;
        while (headEnd < 0 || received.Count < headEnd + length)
        {
            var read = await client.GetStream().ReadAsync(buffer, cancellation);
            if (read == 0) throw new IOException("The client went away.");
            received.AddRange(buffer.AsSpan(0, read));
            if (headEnd >= 0) continue;
            var text = Encoding.Latin1.GetString([.. received]);
            headEnd = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end ? end + 4 : -1;
            if (headEnd < 0) continue;
            length = text[..headEnd].Split("\r\n")
                .Where(line => line.StartsWith("Content-Length:", StringComparison.Ordinal))
                .Select(line => int.Parse(line[15..], CultureInfo.InvariantCulture)).FirstOrDefault();
        }
        var head = Encoding.Latin1.GetString([.. received[..headEnd]]);
        return new(client, head.Split(' ')[1], length == 0 ? default
            : JsonDocument.Parse(received[headEnd..].ToArray()).RootElement.Clone(), cancellation);
    }
}
