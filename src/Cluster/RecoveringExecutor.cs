using System.Globalization;
using Minka.Cluster.Metrics;
using Minka.Collectives;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Cluster;

/// <summary>How a cluster that lost a rank is started again.</summary>
/// <param name="Start">Starts it; fails while a machine is away.</param>
/// <param name="Within">Time that it may take; what runs waits so long.</param>
public sealed record ClusterRecovery(Func<CancellationToken, Task<ClusterModel>> Start, TimeSpan Within)
{
    /// <summary>Between a start that failed and the next.</summary>
    public TimeSpan Between { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Takes a sentence about what is lost, and what came back.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Steps on a cluster that is started again when a rank is lost. What its caches held is computed again, so whoever
/// reads an answer sees that it paused and nothing else.
/// </summary>
public sealed class RecoveringExecutor : IExecutor, IDisposable
{
    private readonly ClusterModel _first;
    private readonly ClusterRecovery _how;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _counting = new();
    private readonly RankTotals _earlier = new();
    private volatile ClusterModel _current;
    private Task _recovery = Task.CompletedTask;
    private PeerLostException? _lost;

    /// <param name="first">The cluster that runs; stays the caller's.</param>
    /// <param name="how">How it is started again.</param>
    public RecoveringExecutor(ClusterModel first, ClusterRecovery how) =>
        (_first, _current, _how) = (first, first, how);

    /// <summary>The cluster that runs, or the last one that did.</summary>
    public ClusterModel Current => _current;

    /// <summary>How often the cluster was started again.</summary>
    public int Recoveries { get; private set; }

    /// <summary>Where the root's time went, in all clusters together.</summary>
    public RankTotals Totals()
    {
        lock (_counting)
        {
            var totals = new RankTotals();
            totals.Add(_earlier);
            totals.Add(_current.Executor.Meter.Totals());
            return totals;
        }
    }

    /// <inheritdoc/>
    public ExecutorShape Shape => _first.Executor.Shape;

    /// <inheritdoc/>
    public void Begin(Batch batch)
    {
        RequireCluster();
        try
        {
            _current.Executor.Begin(batch);
        }
        catch (PeerLostException lost)
        {
            throw Lost(lost);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        RequireCluster();
        try
        {
            await _current.Executor.ExecuteAsync(batch, cancellation).ConfigureAwait(false);
        }
        catch (PeerLostException lost)
        {
            throw Lost(lost);
        }
    }

    /// <summary>Ends the cluster that replaced the first, or the attempts to start one.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _recovery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        if (_current != _first) _current.Dispose();
        _ending.Dispose();
    }

    /// <summary>Who asks again after the cluster did not come back waits for it again.</summary>
    private void RequireCluster()
    {
        if (_recovery.IsFaulted) throw Lost(_lost!);
    }

    private StepLostException Lost(PeerLostException lost)
    {
        _lost = lost;
        _recovery = Task.Run(() => RecoverAsync(lost));
        return new(lost.Message, lost) { Recovery = _recovery };
    }

    private async Task RecoverAsync(PeerLostException lost)
    {
        var start = _how.Time.GetTimestamp();
        _how.Tell($"{lost.Message} What runs waits up to {Seconds(_how.Within)} for the cluster to come back.");
        // Who watches the machines goes on watching.
        if (_current == _first) _first.Leave();
        else _current.Dispose();
        using var late = new CancellationTokenSource(_how.Within, _how.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _ending.Token);
        for (var said = ""; ;)
        {
            try
            {
                Replace(await _how.Start(either.Token).ConfigureAwait(false));
                _how.Tell($"All ranks are back after {Seconds(_how.Time.GetElapsedTime(start))}; what ran goes on.");
                return;
            }
            catch (Exception still) when (!_ending.IsCancellationRequested)
            {
                var isLate = late.IsCancellationRequested || _how.Time.GetElapsedTime(start) >= _how.Within;
                if (isLate)
                    throw new ClusterException($"{lost.Message} The cluster did not come back within "
                        + $"{Seconds(_how.Within)}{(said.Length > 0 ? $": {said}" : ".")}", still);
                if (said != still.Message) _how.Tell($"The cluster cannot be started: {still.Message}");
                said = still.Message;
            }
            await Task.Delay(_how.Between, _how.Time, either.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Replace(ClusterModel next)
    {
        lock (_counting)
        {
            _earlier.Add(_current.Executor.Meter.Totals());
            _current = next;
            Recoveries++;
        }
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
