using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Client;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Tests;

/// <summary>What is measured is what the server did, by the script of the server; no other test adds to its times.
/// </summary>
[CollectionDefinition(nameof(MeasurementTests), DisableParallelization = true)]
[Collection(nameof(MeasurementTests))]
public sealed class MeasurementTests
{
    /// <summary>What a machine may add to a time, s.</summary>
    private const double Slack = 0.25;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(150);

    [Fact]
    public Task Times_are_those_of_the_script() => BestAsync(async () =>
    {
        await using var fake = new FakeServer(exchange => exchange.AnswerAsync(300, 60));

        var outcome = Assert.Single((await Runs.RunAsync(fake, LoadLevel.Users(1), 1, outputTokens: 8)).Outcomes);

        Assert.True(outcome.IsCompleted);
        Assert.Equal((3, 8, 7), (outcome.PromptTokens, outcome.OutputTokens, outcome.Gaps.Count));
        Assert.InRange(outcome.Ttft, 0.295, 0.3 + Slack);
        Assert.InRange(outcome.Tpot, 0.058, 0.06 + Slack / 7);
        Assert.All(outcome.Gaps, gap => Assert.InRange(gap, 0.03, 0.06 + Slack));
        Assert.InRange(outcome.EndToEnd, 0.715, 0.72 + 2 * Slack);
    });

    [Fact]
    public Task Several_tokens_an_event_count_by_usage() => BestAsync(async () =>
    {
        await using var fake = new FakeServer(Runs.AfterProbe(async exchange =>
        {
            await exchange.BeginStreamAsync();
            for (var i = 0; i < 4; i++)
            {
                await exchange.WaitAsync(90);
                await exchange.SendTokenAsync("four tokens at once ");
            }
            await exchange.EndStreamAsync(3, 16);
        }));

        var level = await Runs.RunAsync(fake, LoadLevel.Users(1), 1, outputTokens: 16);

        var outcome = Assert.Single(level.Outcomes);
        Assert.Equal((16, 3), (outcome.OutputTokens, outcome.Gaps.Count));
        Assert.InRange(outcome.Tpot, 0.265 / 15, (0.27 + Slack) / 15);
        Assert.Equal(4, LevelSummary.Of(level, null, [99]).TokensPerEvent);
    });

    [Fact]
    public async Task Without_usage_events_are_counted_and_that_is_said()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            await exchange.BeginStreamAsync();
            for (var i = 0; i < exchange.TokensAsked; i++) await exchange.SendTokenAsync();
            await exchange.SendEventAsync("[DONE]");
        });

        var outcome = Assert.Single((await Runs.RunAsync(fake, LoadLevel.Users(1), 1)).Outcomes);

        Assert.Equal((4, false, true), (outcome.OutputTokens, outcome.IsCounted, outcome.IsCompleted));
    }

    [Fact]
    public Task An_open_loop_never_waits_for_answers() => BestAsync(async () =>
    {
        await using var fake = new FakeServer(Runs.AfterProbe(exchange => exchange.AnswerAsync(1500, 0)));

        var level = await Runs.RunAsync(fake, new(new ConstantArrivals(20), null), 10);

        Assert.All(level.Outcomes.Index(),
            it => Assert.InRange(it.Item.SentAt, it.Index * 0.05, it.Index * 0.05 + Slack));
        Assert.InRange(fake.PeakConcurrency, 10, 10);
        Assert.InRange(level.Duration, 1.9, 1.95 + 4 * Slack);
    });

    [Fact]
    public Task Waiting_on_our_side_counts_from_when_a_request_should_have_been_sent() => BestAsync(async () =>
    {
        await using var fake = new FakeServer(Runs.AfterProbe(exchange => exchange.AnswerAsync(400, 0)));

        var level = await Runs.RunAsync(fake, new(new AllAtOnce(), 1), 3);

        Assert.InRange(fake.PeakConcurrency, 1, 1);
        var sorted = level.Outcomes.OrderBy(outcome => outcome.SentAt).ToList();
        foreach (var (i, outcome) in sorted.Index())
        {
            Assert.InRange(outcome.Ttft, 0.39 * (i + 1), (0.4 + Slack) * (i + 1));
            Assert.InRange(outcome.TtftFromSend, 0.39, 0.4 + Slack);
        }
    });

    [Fact]
    public Task A_closed_loop_keeps_its_users_busy_and_no_more() => BestAsync(async () =>
    {
        await using var fake = new FakeServer(Runs.AfterProbe(exchange => exchange.AnswerAsync(100, 20)));

        var level = await Runs.RunAsync(fake, LoadLevel.Users(3), 12);

        Assert.InRange(fake.PeakConcurrency, 3, 3);
        Assert.Equal(12, level.Outcomes.Count(outcome => outcome.IsCompleted));
        Assert.InRange(level.Duration, 4 * 0.155, 4 * (0.16 + Slack));
        Assert.All(level.Outcomes, outcome => Assert.InRange(outcome.SentAt - outcome.PlannedAt, 0, 0.05));
    });

    [Fact]
    public async Task Ctrl_C_tells_what_was_done_until_then()
    {
        // The first four are answered; of the others, two are asked for and find no end.
        var count = 0;
        await using var fake = new FakeServer(Runs.AfterProbe(exchange =>
            Interlocked.Increment(ref count) <= 4 ? exchange.AnswerAsync(5, 5) : exchange.WaitAsync(600_000)));
        using var stop = new CancellationTokenSource();
        var running = Runs.RunAsync(fake, LoadLevel.Users(2), 1000, cancellation: stop.Token);
        while (Volatile.Read(ref count) < 6)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);

        await stop.CancelAsync();
        var level = await running;

        var summary = LevelSummary.Of(level, null, [99]);
        Assert.True(level.IsInterrupted);
        Assert.Equal((4, 0, 2), (summary.Completed, summary.Failed, summary.Cancelled));
        Assert.True(summary.OutputThroughput > 0);
    }

    [Fact]
    public async Task Chat_asks_in_new_words_and_falls_back_to_old_ones()
    {
        await using var fake = new FakeServer(exchange => exchange.Body.TryGetProperty("max_tokens", out _)
            ? exchange.AnswerAsync(0, 0)
            : exchange.AnswerAsync(0, 0, tokens: 40)); // a server that does not know max_completion_tokens

        using var server = await Runs.MeetAsync(fake, isChat: true);

        Assert.Equal("fake", server.Target.Model);
        Assert.Equal(2, fake.Requests.Count);
        Assert.Equal(1, fake.Requests.Last().GetProperty("max_tokens").GetInt32());
        Assert.Equal("user", fake.Requests.Last().GetProperty("messages")[0].GetProperty("role").GetString());
        Assert.True(fake.Requests.Last().GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Fact]
    public async Task Extra_fields_win_over_ours()
    {
        await using var fake = new FakeServer(exchange => exchange.AnswerAsync(0, 0, 1));
        using var extra = System.Text.Json.JsonDocument.Parse("""{"model":"other","temperature":0,"max_tokens":2}""");
        var target = new LoadTarget(fake.Url, false) { ExtraBody = extra.RootElement, ApiKey = "k", IgnoreEos = true };

        using var server = await LoadServer.MeetAsync(
            target, TimeSpan.Zero, false, TimeProvider.System, TestContext.Current.CancellationToken);

        var request = Assert.Single(fake.Requests);
        Assert.Equal("other", request.GetProperty("model").GetString());
        Assert.Equal(0, request.GetProperty("temperature").GetInt32());
        Assert.Equal(2, request.GetProperty("max_tokens").GetInt32());
        Assert.True(request.GetProperty("ignore_eos").GetBoolean());
    }

    /// <summary>A busy machine only adds to times, and not always: what was measured right once is measured right.
    /// What is measured wrong never comes to lie in its range.</summary>
    private static async Task BestAsync(Func<Task> measure)
    {
        for (var start = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                await measure();
                return;
            }
            catch (Exception wrong) when (TimeProvider.System.GetElapsedTime(start) < _patience
                && wrong is Xunit.Sdk.InRangeException or Xunit.Sdk.AllException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
