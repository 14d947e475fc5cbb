using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Minka.Server.Tests.Http;

/// <summary>What no proper client sends.</summary>
public sealed class RawHttpTests(TinyServer server)
{
    private const string Post =
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    [Theory]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\nNoColon\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\n\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")]
    [InlineData(Post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}")]
    [InlineData(Post + "Content-Length: -1\r\n\r\n{}")]
    [InlineData(Post + "Content-Length: abc\r\n\r\n{}")]
    [InlineData(Post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")]
    [InlineData(Post + "Content-Length: 0\r\n\r\n")]
    public async Task Broken_http_is_400(string request) => Assert.Equal(400, await StatusAsync(request));

    [Theory]
    [InlineData(Post + "Content-Length: 99999999999\r\n\r\n", 413)]
    [InlineData(Post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415)]
    [InlineData("POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
        415)]
    [InlineData("GET /health HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData("GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)]
    [InlineData("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n", 403)]
    [InlineData("DELETE /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n", 405)]
    [InlineData("GET /v1/models/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404)]
    [InlineData("GET /v1/models/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    public async Task Odd_http_has_its_own_status(string request, int status) =>
        Assert.Equal(status, await StatusAsync(request));

    [Fact]
    public async Task Headers_of_64_KiB_are_431() => Assert.Equal(
        431, await StatusAsync($"GET /health HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 65536)}\r\n\r\n"));

    [Fact]
    public async Task An_id_of_the_client_comes_back_and_a_dangerous_one_does_not()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("x-request-id", "abc-123");
        using var other = new HttpRequestMessage(HttpMethod.Get, "/health");
        other.Headers.TryAddWithoutValidation("x-request-id", "<script>");

        using var named = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        using var renamed = await server.Client.SendAsync(other, TestContext.Current.CancellationToken);

        Assert.Equal("abc-123", named.Headers.GetValues("x-request-id").Single());
        Assert.StartsWith("req_", renamed.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_idle_connections_hold_nobody_up()
    {
        var idle = new List<TcpClient>();
        for (var i = 0; i < 1000; i++)
        {
            var socket = new TcpClient();
            await socket.ConnectAsync(
                IPAddress.Loopback, server.App.Address.Port, TestContext.Current.CancellationToken);
            if (i % 2 == 0)
                await socket.GetStream().WriteAsync("GET /hea"u8.ToArray(), TestContext.Current.CancellationToken);
            idle.Add(socket);
        }

        var (status, _) = await server.PostAsync("/v1/completions", """{"prompt":"Once","max_tokens":2}""");

        Assert.Equal(200, status);
        idle.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Origins_that_were_named_may_use_the_server()
    {
        await using var open = new TinyServer(new ServerOptions { CorsOrigins = ["https://app.example"] });
        await open.InitializeAsync();
        using var ask = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        ask.Headers.Add("Origin", "https://app.example");
        ask.Headers.Add("Access-Control-Request-Method", "POST");

        using var answer = await open.Client.SendAsync(ask, TestContext.Current.CancellationToken);

        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal("https://app.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    private async Task<int> StatusAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.App.Address.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // It was answered and closed before all of it was sent.
        }
        using var reader = new StreamReader(stream);
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var line = await reader.ReadLineAsync(late.Token);
        return int.Parse(line!.Split(' ')[1]);
    }
}
