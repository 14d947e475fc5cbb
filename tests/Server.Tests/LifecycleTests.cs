using System.Text.Json.Nodes;
using Minka.Engine.Scheduling;

namespace Minka.Server.Tests;

/// <summary>Full, loading, going down; clients that leave.</summary>
public sealed class LifecycleTests
{
    private const string Text = "/v1/completions";

    /// <summary>More steps than any test allows.</summary>
    private const string Long = """{"prompt":"Once upon","max_tokens":900,"ignore_eos":true,"stream":true}""";

    private static SchedulerOptions OneAtATime { get; } =
        new() { SequencesMax = 1, TokensPerStepMax = 64, LogitRowsMax = 1, ContextMax = 1024, QueueMax = 1 };

    [Fact]
    public async Task A_full_queue_says_when_to_come_again()
    {
        await using var server = await StartAsync(new ServerOptions(), OneAtATime);
        using var running = await BeginAsync(server, Long);
        using var leaving = new CancellationTokenSource();
        var waiting = server.Client.PostAsync(Text, new StringContent(
            Long, System.Text.Encoding.UTF8, "application/json"), leaving.Token);
        // It is taken in between two steps.
        await StepUntilAsync(server, () => server.Model.Engine.Counters.Waiting == 1);

        using var refused = await server.SendAsync(Text, """{"prompt":"a"}""");

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 120);
        Assert.InRange(int.Parse(refused.Headers.GetValues("retry-after-ms").Single()), 1, 120_000);
        var body = JsonNode.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal("queue_full", (string?)body["error"]!["code"]);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_blocks_at_once()
    {
        await using var server = await StartAsync(new ServerOptions(), OneAtATime);
        var response = await BeginAsync(server, Long);
        Assert.True(server.Model.Engine.Counters.UsedBlocks > 0);

        response.Dispose();
        await StepUntilAsync(server, () => server.Model.Engine.Counters.Running == 0);
        await server.SettleAsync();

        var counters = server.Model.Engine.Counters;
        Assert.Equal((0, 0, 0), (counters.UsedBlocks, counters.Running, counters.Waiting));
        Assert.True(counters.GeneratedTokens < 900);
    }

    [Fact]
    public async Task A_stream_that_waits_says_that_it_lives()
    {
        await using var server = await StartAsync(
            new ServerOptions { Heartbeat = TimeSpan.FromMilliseconds(20) }, OneAtATime with { QueueMax = 4 });
        using var running = await BeginAsync(server, Long.Replace("900", "200", StringComparison.Ordinal));

        using var waiting = await BeginAsync(server, Long.Replace("900", "2", StringComparison.Ordinal));
        server.Allow();
        var text = await waiting.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith(": ping\n\n", text, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_down_refuses_new_requests_and_ends_streams_with_an_error()
    {
        var server = await StartAsync(
            new ServerOptions { DrainDelay = TimeSpan.Zero, DrainLimit = TimeSpan.FromMilliseconds(50) }, OneAtATime);
        using var running = await BeginAsync(server, Long);

        var draining = server.App.DrainAsync(TestContext.Current.CancellationToken);
        using var ready = await server.Client.GetAsync("/ready", TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)ready.StatusCode);
        var (status, refused) = await server.PostAsync(Text, """{"prompt":"a"}""");
        await draining;
        await server.App.DisposeAsync();
        var text = await running.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal((503, "draining"), (status, (string?)refused["error"]!["code"]));
        Assert.Contains("\"code\":\"draining\"", text, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        server.Client.Dispose();
    }

    [Fact]
    public async Task Before_the_model_is_loaded_requests_are_told_to_come_again()
    {
        var loading = new TaskCompletionSource<ServedModel>();
        var shelf = new ModelShelf([new ModelEntry("m", 1, _ => loading.Task)]);
        await using var app = await ServerApp.StartAsync(shelf, new ServerOptions { Port = 0 }, TimeProvider.System);
        using var client = new HttpClient { BaseAddress = app.Address };

        using var health = await client.GetAsync("/health", TestContext.Current.CancellationToken);
        using var ready = await client.GetAsync("/ready", TestContext.Current.CancellationToken);
        using var models = await client.GetAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Equal((200, 503, 503), ((int)health.StatusCode, (int)ready.StatusCode, (int)models.StatusCode));
        Assert.NotNull(models.Headers.RetryAfter);
        loading.SetCanceled(TestContext.Current.CancellationToken);
    }

    /// <summary>A server that does a few steps and stands still until more are allowed.</summary>
    private static async Task<TinyServer> StartAsync(ServerOptions options, SchedulerOptions scheduling)
    {
        var server = await TinyServer.StartAsync(options, scheduling, isStepped: true);
        server.Allow(4);
        return server;
    }

    /// <summary>Waits until something is so, and allows a step now and then: so seldom that no long text comes to its
    /// end in all the time that there is.</summary>
    private static Task StepUntilAsync(TinyServer server, Func<bool> isSo)
    {
        var looks = 0;
        return TinyServer.UntilAsync(() =>
        {
            if (looks++ % 16 == 0) server.Allow(1);
            return isSo();
        });
    }

    /// <summary>Returns with the headers, which go out with the first byte.</summary>
    private static async Task<HttpResponseMessage> BeginAsync(TinyServer server, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Text);
        request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        var response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return response;
    }
}
