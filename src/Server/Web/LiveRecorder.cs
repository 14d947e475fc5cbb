using System.Collections.Concurrent;
using Minka.Server.Observing;

namespace Minka.Server.Web;

/// <summary>One second of a server.</summary>
/// <param name="Generated">Tokens generated per second.</param>
/// <param name="Prompt">Prompt tokens per second.</param>
/// <param name="Running">Sequences that run.</param>
/// <param name="Waiting">Sequences that wait.</param>
/// <param name="KvUsage">Held KV blocks, 0 to 1.</param>
/// <param name="PrefixHits">Prompt tokens that the prefix cache held, of all so far, 0 to 1.</param>
internal readonly record struct LiveSample(
    double Generated, double Prompt, int Running, int Waiting, double KvUsage, double PrefixHits);

/// <summary>Remembers the last minutes for the live page: a sample a second, the requests that ended, those that
/// run.</summary>
internal sealed class LiveRecorder(ModelShelf models, TimeProvider time) : IRequestObserver, IAsyncDisposable
{
    /// <summary>Samples that are kept: ten minutes.</summary>
    public const int SamplesMax = 600;

    private const int EndedMax = 1000;

    private readonly ConcurrentDictionary<RequestTrace, bool> _open = [];
    private readonly CancellationTokenSource _ending = new();
    private Task _sampling = Task.CompletedTask;
    private (long Generated, long Prompt, long At) _last = (0, 0, time.GetTimestamp());

    /// <summary>Samples, one a second.</summary>
    public History<LiveSample> Samples { get; } = new(SamplesMax);

    /// <summary>Requests with text that have ended.</summary>
    public History<EndedRequest> Over { get; } = new(EndedMax);

    /// <summary>Requests with text that are being answered, the oldest first.</summary>
    public IEnumerable<RequestTrace> Open =>
        _open.Keys.Where(trace => trace.Generations.Count > 0).OrderBy(trace => trace.ReceivedAt);

    /// <summary>Takes a sample every second until it is disposed.</summary>
    /// <param name="then">Told of each.</param>
    public void Begin(Action<LiveSample> then) => _sampling = Task.Run(async () =>
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false)) then(Sample());
    });

    public void Began(RequestTrace trace) => _open.TryAdd(trace, true);

    public void Ended(RequestTrace trace)
    {
        _open.TryRemove(trace, out _);
        if (trace.Generations.Count > 0) Over.Add(EndedRequest.Of(trace, time.GetUtcNow()));
    }

    /// <summary>Looks at every engine and remembers what it saw.</summary>
    public LiveSample Sample()
    {
        var (generated, prompt, cached) = (0L, 0L, 0L);
        var (running, waiting, used, blocks) = (0, 0, 0, 0);
        foreach (var model in models.Loaded)
        {
            var now = model.Engine.Snapshot();
            (generated, prompt, cached) =
                (generated + now.GeneratedTokens, prompt + now.PromptTokens, cached + now.CachedTokens);
            (running, waiting) = (running + now.Running, waiting + now.Waiting);
            (used, blocks) = (used + now.UsedBlocks, blocks + now.TotalBlocks);
        }
        var at = time.GetTimestamp();
        var seconds = Math.Max(1e-3, time.GetElapsedTime(_last.At, at).TotalSeconds);
        // A model that was unloaded takes its sums with it: that second shows 0 and not less.
        var sample = new LiveSample(
            Math.Max(0, generated - _last.Generated) / seconds, Math.Max(0, prompt - _last.Prompt) / seconds,
            running, waiting, (double)used / Math.Max(1, blocks), (double)cached / Math.Max(1, prompt));
        _last = (generated, prompt, at);
        Samples.Add(sample);
        return sample;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _sampling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }
}
