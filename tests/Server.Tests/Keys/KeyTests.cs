using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Minka.Server.Keys;

namespace Minka.Server.Tests.Keys;

public sealed class KeyTests
{
    private const string Ask = """{"prompt":"Once","max_tokens":1}""";

    [Theory]
    [InlineData("/v1/models", 401)]
    [InlineData("//v1/models", 401)]
    [InlineData("/V1/Models", 401)]
    [InlineData("/v1/%6Dodels", 401)]
    [InlineData("/health/../v1/models", 401)]
    [InlineData("/health/%2e%2e/v1/models", 401)]
    [InlineData("/v1/models;x=/health", 401)]
    [InlineData("/version", 401)]
    [InlineData("/no/such/route", 401)]
    [InlineData("/v1/models?api_key=right", 401)]
    [InlineData("/health", 200)]
    [InlineData("/ready", 200)]
    public async Task Every_route_but_health_needs_the_key_however_the_path_is_written(string path, int status)
    {
        await using var server = await StartAsync(new ApiKey("a", "right"));

        Assert.Equal(status, await StatusOfRawAsync(server, path));
    }

    [Theory]
    [InlineData("Bearer right", 200)]
    [InlineData("bearer  right", 200)]
    [InlineData("Bearer righ", 401)]
    [InlineData("Bearer righto", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Basic right", 401)]
    public async Task Only_the_whole_key_opens(string authorization, int status)
    {
        await using var server = await StartAsync(new ApiKey("a", "right"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Count == 1);
    }

    [Fact]
    public async Task A_key_may_come_in_x_api_key()
    {
        await using var server = await StartAsync(new ApiKey("a", "right"));
        server.Client.DefaultRequestHeaders.Add("x-api-key", "right");

        Assert.Equal(200, (await server.PostAsync("/v1/completions", Ask)).Status);
    }

    [Fact]
    public async Task A_key_over_its_rate_is_told_when_to_come_again_and_others_are_served()
    {
        await using var server = await StartAsync(
            new ApiKey("slow", "slow") { RequestsPerSecond = 0.002 }, new ApiKey("fast", "fast"));
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "slow");

        using var first = await server.SendAsync("/v1/completions", Ask);
        using var second = await server.SendAsync("/v1/completions", Ask);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "fast");
        using var other = await server.SendAsync("/v1/completions", Ask);

        Assert.Equal((200, 429, 200), ((int)first.StatusCode, (int)second.StatusCode, (int)other.StatusCode));
        Assert.Equal("1", first.Headers.GetValues("x-ratelimit-limit-requests").Single());
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 500);
        Assert.InRange(int.Parse(second.Headers.GetValues("retry-after-ms").Single()), 1, 500_000);
    }

    [Fact]
    public async Task Tokens_over_the_limit_of_a_key_are_owed()
    {
        await using var server = await StartAsync(new ApiKey("a", "right") { TokensPerMinute = 3 });
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "right");

        var first = await server.PostAsync("/v1/completions", """{"prompt":"Once upon a time","max_tokens":8}""");
        await server.SettleAsync();
        var (status, body) = await server.PostAsync("/v1/completions", Ask);

        Assert.Equal(200, first.Status);
        Assert.Equal((429, "rate_limited"), (status, (string?)body["error"]!["code"]));
    }

    [Fact]
    public async Task A_key_file_is_read_again_when_it_changes()
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "# keys\nann:old:0:0\n", TestContext.Current.CancellationToken);
        var time = new HandClock();
        var ring = new KeyRing([], path, time, _ => { });
        Assert.Equal("ann", ring.Find("old")?.Key.Name);

        await File.WriteAllTextAsync(path, "ann:new:0:0\nbare-secret\n", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(ring.Find("old"));
        Assert.Equal("ann", ring.Find("new")?.Key.Name);
        Assert.Equal("key2", ring.Find("bare-secret")?.Key.Name);
        File.Delete(path);
    }

    [Fact]
    public void A_secret_is_not_printed_with_its_key() =>
        Assert.DoesNotContain("hush", new ApiKey("ann", "hush").ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    public async Task Without_a_key_a_server_for_other_machines_does_not_start(string host)
    {
        await using var shelf = new ModelShelf([new("m", 1, _ => throw new InvalidOperationException())]);

        var refused = await Assert.ThrowsAsync<ArgumentException>(
            () => ServerApp.StartAsync(shelf, new ServerOptions { Host = host, Port = 0 }, TimeProvider.System));

        Assert.Contains("--insecure", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<TinyServer> StartAsync(params ApiKey[] keys)
    {
        var server = new TinyServer(new ServerOptions { Keys = keys });
        await server.InitializeAsync();
        return server;
    }

    /// <summary>HttpClient would tidy the path up.</summary>
    private static async Task<int> StatusOfRawAsync(TinyServer server, string path)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.App.Address.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return int.Parse(line!.Split(' ')[1]);
    }
}
