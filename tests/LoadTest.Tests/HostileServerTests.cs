using Minka.LoadTest.Client;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Tests;

/// <summary>Servers that misbehave are counted by what they did; nothing hangs, nothing is thrown.</summary>
public sealed class HostileServerTests
{
    private static readonly Dictionary<FailureKind, Func<FakeExchange, Task>> _scripts = new()
    {
        [FailureKind.ServerError] = exchange => exchange.SendJsonAsync("""{"error":{"message":"boom"}}""", "500 Oops"),
        [FailureKind.TooManyRequests] = exchange => exchange.SendJsonAsync("{}", "429 Too Many Requests"),
        [FailureKind.ClientError] = exchange => exchange.SendJsonAsync("{}", "404 Not Found"),
        [FailureKind.NotAStream] = exchange => exchange.SendJsonAsync("""{"choices":[{"text":"whole"}]}"""),
        [FailureKind.BadEvent] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.SendEventAsync("<html>");
        },
        [FailureKind.ErrorEvent] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.SendEventAsync("""{"error":{"message":"worker lost"}}""");
            await exchange.SendEventAsync("[DONE]");
        },
        [FailureKind.Truncated] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
        },
        [FailureKind.Empty] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.EndStreamAsync(3, 0);
        },
        [FailureKind.Reset] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            exchange.Reset();
        },
        [FailureKind.LineTooLong] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            for (var i = 0; i < 64; i++) await exchange.SendAsync(new string('x', 1 << 16));
        },
        [FailureKind.Endless] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            while (true) await exchange.SendTokenAsync();
        },
        [FailureKind.Timeout] = async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            while (true)
            {
                await exchange.WaitAsync(20);
                await exchange.SendAsync(": ping\n\n");
            }
        },
    };

    public static TheoryData<FailureKind> Kinds() => [.. _scripts.Keys];

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_misbehaving_server_is_counted_by_what_it_did(FailureKind kind)
    {
        await using var fake = new FakeServer(Runs.AfterProbe(_scripts[kind]));

        var level = kind == FailureKind.Timeout
            ? await Runs.RunOutAsync(fake, LoadLevel.Users(2), 4)
            : await Runs.RunAsync(fake, LoadLevel.Users(2), 4);

        Assert.Equal(Enumerable.Repeat(kind, 4), level.Outcomes.Select(outcome => outcome.Failure?.Kind ?? default));
        var summary = LevelSummary.Of(level, new Slo(1000, null, null), [99]);
        Assert.Equal((0, 4, 0), (summary.Completed, summary.Failed, summary.Attainment));
        Assert.Equal((Failure.NameOf(kind), 4), (summary.Failures[0].Name, summary.Failures[0].Count));
        Assert.NotEqual("", summary.Failures[0].Message);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_times_out()
    {
        await using var fake = new FakeServer(Runs.AfterProbe(exchange => exchange.WaitAsync(600_000)));

        var level = await Runs.RunOutAsync(fake, LoadLevel.Users(3), 3);

        Assert.All(level.Outcomes, outcome => Assert.Equal(FailureKind.Timeout, outcome.Failure?.Kind));
        Assert.True(level.Duration >= 180);
    }

    [Fact]
    public async Task A_server_that_goes_away_is_counted_as_refusing()
    {
        var fake = new FakeServer(exchange => exchange.AnswerAsync(0, 0));
        using var server = await Runs.MeetAsync(fake);
        await fake.DisposeAsync();

        var level = await LoadRun.RunAsync(server, LoadLevel.Users(1), [server.Prepare(new(1, 1), "x")], 0, null,
            TestContext.Current.CancellationToken);

        var outcome = Assert.Single(level.Outcomes);
        Assert.Equal((FailureKind.Connect, false), (outcome.Failure?.Kind, outcome.IsResent));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_sentence()
    {
        var fake = new FakeServer(exchange => exchange.AnswerAsync(0, 0));
        await fake.DisposeAsync();

        var error = await Assert.ThrowsAsync<LoadTestException>(() => Runs.MeetAsync(fake));

        Assert.StartsWith($"The server at {fake.Url} does not say which model it has (", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_the_first_request_is_one_sentence()
    {
        await using var fake = new FakeServer(exchange => exchange.SendJsonAsync("{}", "401 Unauthorized"));

        var error = await Assert.ThrowsAsync<LoadTestException>(() => Runs.MeetAsync(fake));

        Assert.EndsWith("/v1/completions failed: 4xx refused (401 {}).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_connection_that_the_server_closed_is_no_failure()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            // It promises to keep the connection, and closes it a little later.
            await exchange.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
            await exchange.SendAsync("Content-Length: 71\r\n\r\n");
            await exchange.SendAsync("data: {\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\n");
            await exchange.SendAsync("data: [DONE]\n\n");
            await exchange.WaitAsync(30);
        });

        var level = await Runs.RunAsync(fake, LoadLevel.Users(1), 5);

        Assert.All(level.Outcomes, outcome => Assert.Null(outcome.Failure));
        Assert.Equal(5, level.Outcomes.Count);
        Assert.Equal(1 + 5, fake.Requests.Count); // the probe and each of them once, whatever the client sent
    }

    [Fact]
    public async Task A_connection_that_breaks_before_any_answer_is_tried_once_more_counted_and_a_failure()
    {
        await using var fake = new FakeServer(Runs.AfterProbe(exchange =>
        {
            exchange.Reset();
            return Task.CompletedTask;
        }));

        var level = await Runs.RunAsync(fake, LoadLevel.Users(1), 2);

        Assert.All(level.Outcomes, outcome => Assert.Equal(FailureKind.Reset, outcome.Failure?.Kind));
        Assert.Equal(1 + (2 * 2), fake.Requests.Count);
        var summary = LevelSummary.Of(level, null, [99]);
        Assert.Equal((2, 2), (summary.Failed, summary.Resent));
        var table = ResultTable.Level(new("1 user", "", null, 1, summary, level.Outcomes, false), []);
        Assert.Contains("Requests sent once more:                    2\n", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_failure_does_not_hide_the_others_answers()
    {
        var count = 0;
        await using var fake = new FakeServer(Runs.AfterProbe(exchange =>
            Interlocked.Increment(ref count) % 3 == 0
                ? exchange.SendJsonAsync("{}", "503 Busy") : exchange.AnswerAsync(5, 5)));

        var level = await Runs.RunAsync(fake, LoadLevel.Users(2), 9);

        var summary = LevelSummary.Of(level, null, [99]);
        Assert.Equal((6, 3), (summary.Completed, summary.Failed));
        Assert.Equal(6 * 4, summary.OutputTokens);
    }
}
