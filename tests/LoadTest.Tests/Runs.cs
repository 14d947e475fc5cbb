using Minka.Collectives.Tests;
using Minka.LoadTest.Client;
using Minka.LoadTest.Workloads;

namespace Minka.LoadTest.Tests;

/// <summary>Runs against a fake server.</summary>
internal static class Runs
{
    /// <summary>Longer than any request here takes on the slowest machine.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    /// <summary>Meets a server; completions, words counted without asking.</summary>
    public static Task<LoadServer> MeetAsync(
        FakeServer fake, bool isChat = false, bool needsRuler = false, TimeProvider? time = null) =>
        LoadServer.MeetAsync(
            new LoadTarget(fake.Url, isChat) { Timeout = _patience },
            TimeSpan.Zero, needsRuler, time ?? TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>Runs one level of equal requests.</summary>
    public static async Task<LevelOutcome> RunAsync(
        FakeServer fake, LoadLevel level, int requests, int outputTokens = 4, CancellationToken? cancellation = null)
    {
        using var server = await MeetAsync(fake);
        return await RunAsync(server, level, requests, outputTokens, cancellation);
    }

    /// <summary>Runs one level whose requests find no end: the clock is moved until all of them are given up.</summary>
    public static async Task<LevelOutcome> RunOutAsync(FakeServer fake, LoadLevel level, int requests)
    {
        var time = new HandClock();
        using var server = await MeetAsync(fake, time: time);
        var running = RunAsync(server, level, requests, 4, null);
        await time.AdvanceUntilAsync(_patience / 20, () => running.IsCompleted);
        return await running;
    }

    private static Task<LevelOutcome> RunAsync(
        LoadServer server, LoadLevel level, int requests, int outputTokens, CancellationToken? cancellation)
    {
        var prepared = Enumerable.Range(0, requests)
            .Select(_ => server.Prepare(new RequestShape(3, outputTokens), "one two three")).ToList();
        return LoadRun.RunAsync(
            server, level, prepared, 0, null, cancellation ?? TestContext.Current.CancellationToken);
    }

    /// <summary>The probe of a meeting asks for one token; a script that misbehaves lets it pass.</summary>
    public static Func<FakeExchange, Task> AfterProbe(Func<FakeExchange, Task> answer) =>
        exchange => exchange.TokensAsked == 1 ? exchange.AnswerAsync(0, 0) : answer(exchange);
}
