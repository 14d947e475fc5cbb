using Minka.LoadTest.Client;
using Minka.LoadTest.Workloads;

namespace Minka.LoadTest.Tests;

/// <summary>Runs against a fake server.</summary>
internal static class Runs
{
    /// <summary>Meets a server; completions, words counted without asking.</summary>
    public static Task<LoadServer> MeetAsync(
        FakeServer fake, bool isChat = false, bool needsRuler = false, TimeSpan? timeout = null) =>
        LoadServer.MeetAsync(
            new LoadTarget(fake.Url, isChat) { Timeout = timeout ?? TimeSpan.FromSeconds(20) },
            TimeSpan.Zero, needsRuler, TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>Runs one level of equal requests.</summary>
    public static async Task<LevelOutcome> RunAsync(
        FakeServer fake, LoadLevel level, int requests, int outputTokens = 4, TimeSpan? timeout = null,
        CancellationToken? cancellation = null)
    {
        using var server = await MeetAsync(fake, timeout: timeout);
        var prepared = Enumerable.Range(0, requests)
            .Select(_ => server.Prepare(new RequestShape(3, outputTokens), "one two three")).ToList();
        return await LoadRun.RunAsync(
            server, level, prepared, 0, null, cancellation ?? TestContext.Current.CancellationToken);
    }

    /// <summary>The probe of a meeting asks for one token; a script that misbehaves lets it pass.</summary>
    public static Func<FakeExchange, Task> AfterProbe(Func<FakeExchange, Task> answer) =>
        exchange => exchange.TokensAsked == 1 ? exchange.AnswerAsync(0, 0) : answer(exchange);
}
