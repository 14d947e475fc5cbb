using System.Collections.Concurrent;
using Minka.LoadTest.Client;

namespace Minka.LoadTest;

/// <summary>
/// Sends the requests of one level. An open loop sends by the clock alone and never waits for an answer; what a request
/// waits on our side counts from when it should have been sent.
/// </summary>
internal sealed class LoadRun
{
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(1);

    private readonly LoadServer _server;
    private readonly LoadLevel _level;
    private readonly IReadOnlyList<PreparedRequest> _requests;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly ConcurrentDictionary<int, RequestOutcome> _outcomes = [];
    private long _start;
    private int _sent;
    private int _done;
    private int _failed;
    private long _outputTokens;

    private LoadRun(
        LoadServer server, LoadLevel level, IReadOnlyList<PreparedRequest> requests,
        IProgress<LoadProgress>? progress) =>
        (_server, _level, _requests, _progress) = (server, level, requests, progress);

    /// <summary>Sends them all and waits for their ends. Ctrl+C ends it early, with what there is.</summary>
    public static async Task<LevelOutcome> RunAsync(
        LoadServer server, LoadLevel level, IReadOnlyList<PreparedRequest> requests, int seed,
        IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        var run = new LoadRun(server, level, requests, progress);
        var times = level.Arrivals?.Times(requests.Count, seed);
        run._start = server.Time.GetTimestamp();
        if (times is null) await run.CloseLoopAsync(level.ConcurrencyMax ?? 1, cancellation);
        else await run.OpenLoopAsync(times, cancellation);
        var outcomes = run._outcomes.OrderBy(entry => entry.Key).Select(entry => entry.Value).ToList();
        return new(level, outcomes, run.Now, cancellation.IsCancellationRequested);
    }

    private double Now => _server.Time.GetElapsedTime(_start).TotalSeconds;

    private async Task OpenLoopAsync(double[] times, CancellationToken cancellation)
    {
        using var places = _level.ConcurrencyMax is { } limit ? new SemaphoreSlim(limit) : null;
        var running = new List<Task>(times.Length);
        try
        {
            for (var i = 0; i < times.Length; i++)
            {
                // A timer may ring a few milliseconds early; a request must not.
                while (TimeSpan.FromSeconds(times[i] - Now) is { Ticks: > 0 } wait)
                    await Task.Delay(wait > _tick ? wait : _tick, _server.Time, cancellation);
                cancellation.ThrowIfCancellationRequested();
                running.Add(SendInTurnAsync(i, times[i], places, cancellation));
            }
        }
        catch (OperationCanceledException)
        {
            // What was sent ends by itself, cancelled; what was not sent is no outcome.
        }
        await Task.WhenAll(running);
    }

    private async Task SendInTurnAsync(
        int index, double plannedAt, SemaphoreSlim? places, CancellationToken cancellation)
    {
        try
        {
            if (places is not null) await places.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await SendAsync(index, plannedAt, cancellation);
        places?.Release();
    }

    private Task CloseLoopAsync(int users, CancellationToken cancellation)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, users).Select(_ => UserAsync()));

        async Task UserAsync()
        {
            while (!cancellation.IsCancellationRequested && Interlocked.Increment(ref next) is var index
                && index < _requests.Count) await SendAsync(index, Now, cancellation);
        }
    }

    private async Task SendAsync(int index, double plannedAt, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _sent);
        Report();
        var outcome = await _server.Client.SendAsync(_requests[index], plannedAt, _start, cancellation);
        _outcomes[index] = outcome;
        Interlocked.Add(ref _outputTokens, outcome.OutputTokens);
        if (outcome.Failure is { Kind: not FailureKind.Cancelled }) Interlocked.Increment(ref _failed);
        Interlocked.Increment(ref _done);
        Report();
    }

    private void Report() => _progress?.Report(new(
        _requests.Count, _sent, _done, _failed, Interlocked.Read(ref _outputTokens),
        _server.Time.GetElapsedTime(_start)));
}
