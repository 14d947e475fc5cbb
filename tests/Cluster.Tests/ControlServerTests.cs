using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Tests;

public sealed class ControlServerTests : IAsyncLifetime
{
    private static readonly TimeSpan _shortly = TimeSpan.FromMinutes(1);

    private readonly SampleControl _control = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private ControlServer _server = null!;
    private ControlClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ControlServer.StartAsync(new(IPAddress.Loopback, 0), _control, new() { Log = _log.Enqueue });
        _client = new(_server.EndPoint.ToString(), null, _shortly) { Within = _shortly };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public Task Our_client_and_our_server_understand_each_other() => ControlContract.CheckAsync(_client, _cancellation);

    [Fact]
    public async Task A_fault_is_in_the_log_and_not_in_the_answer()
    {
        await Assert.ThrowsAsync<GrpcException>(() => _client.StopAsync(new(), _cancellation));

        Assert.Contains("a secret of the worker", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_ends_a_call_that_is_not_answered()
    {
        using var hasty = new ControlClient(_server.EndPoint.ToString(), null, _shortly)
        {
            Within = TimeSpan.FromMilliseconds(10),
        };

        var late = await Assert.ThrowsAsync<GrpcException>(() => hasty.HelloAsync(
            new() { Build = SampleControl.Unheard }, _cancellation));

        Assert.Equal(GrpcStatus.DeadlineExceeded, late.Status);
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_its_stream_at_the_worker()
    {
        await foreach (var one in _client.WatchAsync(new() { IntervalMilliseconds = 1 }, _cancellation))
            if (one.Progress.BytesLoaded == 2) break;

        Assert.True(await _control.WatchEnded.Task.WaitAsync(_shortly, TimeProvider.System, _cancellation));
    }

    [Fact]
    public async Task A_message_that_is_too_long_is_refused_here_and_there()
    {
        var refused = await Assert.ThrowsAsync<GrpcException>(() => _client.HelloAsync(
            new() { Build = new string('x', GrpcMessages.BytesMax) }, _cancellation));
        Assert.Equal(GrpcStatus.ResourceExhausted, refused.Status);

        var (status, message) = await PostAsync(ControlMethods.Hello, [0, 0x7F, 0xFF, 0xFF, 0xFF]);
        Assert.Equal("8", status);
        Assert.StartsWith("A message of 2147483647 bytes is announced", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/minka.control.v1.Control/Nothing", "00 00000000", "12", "There is no method")]
    [InlineData(ControlMethods.Hello, "", "12", "The stream has no message")]
    [InlineData(ControlMethods.Hello, "00 00000000 00 00000000", "12", "The stream has several messages")]
    [InlineData(ControlMethods.Hello, "00 00", "13", "The stream ended in the middle")]
    [InlineData(ControlMethods.Hello, "00 00000005 0801", "13", "The stream ended in the middle")]
    [InlineData(ControlMethods.Hello, "01 00000000", "12", "Compressed messages are not read")]
    [InlineData(ControlMethods.Hello, "00 00000002 0AFF", "3", "A message cannot be read")]
    public async Task What_is_not_a_call_is_answered_with_a_status(
        string path, string hex, string status, string message)
    {
        var answer = await PostAsync(path, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(status, answer.Status);
        Assert.StartsWith(message, answer.Message, StringComparison.Ordinal);
        await _client.StatusAsync(new(), _cancellation);
    }

    [Theory]
    [InlineData("grpc-timeout", "1x", "3")]
    [InlineData("grpc-timeout", "999999999S", "3")]
    [InlineData("grpc-timeout", "99999999H", "0")]
    [InlineData("grpc-encoding", "gzip", "12")]
    [InlineData("grpc-encoding", "identity", "0")]
    public async Task Headers_are_read(string name, string value, string status) => Assert.Equal(
        status, (await PostAsync(ControlMethods.Status, [0, 0, 0, 0, 0], name, value)).Status);

    [Fact]
    public async Task Other_content_is_no_call()
    {
        using var http = Http();
        using var response = await http.PostAsync(new Uri($"http://{_server.EndPoint}{ControlMethods.Hello}"),
            new StringContent("{}"), _cancellation);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Behind_a_key_only_those_who_have_it_are_heard()
    {
        var key = PresharedKey.Create();
        await using var server = await ControlServer.StartAsync(new(IPAddress.Loopback, 0), new SampleControl(), new()
        {
            Key = key, Log = _log.Enqueue,
        });
        var address = server.EndPoint.ToString();
        using var friend = new ControlClient(address, key, _shortly) { Within = _shortly };
        using var stranger = new ControlClient(address, PresharedKey.Create(), _shortly);
        using var keyless = new ControlClient(address, null, _shortly);

        var refused = await Assert.ThrowsAsync<GrpcException>(() => stranger.StatusAsync(new(), _cancellation));
        var unheard = await Assert.ThrowsAsync<GrpcException>(() => keyless.StatusAsync(new(), _cancellation));
        await ControlContract.CheckAsync(friend, _cancellation);

        Assert.Equal((GrpcStatus.Unauthenticated, GrpcStatus.Unavailable), (refused.Status, unheard.Status));
        Assert.Contains("the keys differ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(_log, line => line.Contains("not our protocol", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Strangers_on_the_port_do_not_stop_it()
    {
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\xff\xff", "" })
        {
            using var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await stranger.ConnectAsync(_server.EndPoint, _cancellation);
            await stranger.SendAsync(System.Text.Encoding.Latin1.GetBytes(garbage), _cancellation);
        }

        await _client.StatusAsync(new(), _cancellation);
    }

    [Fact]
    public async Task Off_loopback_a_key_is_required()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            ControlServer.StartAsync(new(IPAddress.Any, 0), _control, new()));

        Assert.Contains("needs a key", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_is_not_there_is_unavailable()
    {
        using var client = new ControlClient("127.0.0.1:1", null, _shortly);

        Assert.Equal(GrpcStatus.Unavailable,
            (await Assert.ThrowsAsync<GrpcException>(() => client.StatusAsync(new(), _cancellation))).Status);
    }

    private async Task<(string Status, string Message)> PostAsync(
        string path, byte[] body, string? header = null, string? value = null)
    {
        using var http = Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{_server.EndPoint}{path}"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc+proto");
        if (header is not null) request.Headers.Add(header, value);
        using var response = await http.SendAsync(request, _cancellation);
        await response.Content.ReadAsByteArrayAsync(_cancellation);
        var from = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        return (from.GetValues("grpc-status").Single(), GrpcText.Decode(
            from.TryGetValues("grpc-message", out var texts) ? texts.Single() : ""));
    }

    private static HttpClient Http() => new()
    {
        DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
