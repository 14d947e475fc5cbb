using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Metrics;

/// <summary>What a worker said of itself, or why it said nothing.</summary>
/// <param name="Address"><c>host:port</c> of the worker.</param>
/// <param name="Status">Null if it could not be asked.</param>
/// <param name="Problem">Why not; empty if it could.</param>
public sealed record WorkerStatus(string Address, StatusReply? Status, string Problem);

/// <summary>Asks workers, over the control plane, what they are doing; steps go on meanwhile.</summary>
public sealed class ClusterMonitor : IDisposable
{
    /// <summary>The clock of a worker is read this often; the shortest round trip counts.</summary>
    private const int ClockReadings = 8;

    private static readonly TimeSpan _connectWithin = TimeSpan.FromSeconds(5);
    private readonly IReadOnlyList<(string Address, ControlClient Client)> _workers;
    private readonly TimeProvider _time;

    /// <param name="addresses"><c>host:port</c> of each worker.</param>
    /// <param name="key">The key; null only on loopback.</param>
    /// <param name="time">Clock.</param>
    public ClusterMonitor(IEnumerable<string> addresses, PresharedKey? key, TimeProvider time)
    {
        _time = time;
        _workers = [.. addresses.Select(one => (one, new ControlClient(one, key, _connectWithin)))];
    }

    /// <summary>What every worker is doing, all asked at once, in the order of their addresses.</summary>
    public async Task<IReadOnlyList<WorkerStatus>> StatusAsync(CancellationToken cancellation) =>
        await Task.WhenAll(_workers.Select(async worker =>
        {
            try
            {
                return new WorkerStatus(worker.Address, await worker.Client.StatusAsync(new(), cancellation), "");
            }
            catch (Exception silent) when (silent is GrpcException or HttpRequestException)
            {
                return new WorkerStatus(worker.Address, null, silent.Message);
            }
        }));

    /// <summary>What every worker that answers measured, as Prometheus reads it.</summary>
    public async Task<string> PrometheusAsync(CancellationToken cancellation)
    {
        var workers = await StatusAsync(cancellation);
        return PrometheusText.Write([.. workers.Where(one => one.Status is not null).Select(one => one.Status!)]);
    }

    /// <summary>What every rank did lately, moved onto one clock.</summary>
    /// <param name="window">How far to look back.</param>
    /// <param name="clock">The clock to move times onto, in nanoseconds.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ClusterException">A worker cannot be asked.</exception>
    public async Task<IReadOnlyList<RankTrace>> TraceAsync(
        TimeSpan window, Func<long> clock, CancellationToken cancellation) =>
        await Task.WhenAll(_workers.Select(async (worker, place) =>
        {
            try
            {
                return await TraceAsync(worker.Address, worker.Client, place, window, clock, cancellation);
            }
            catch (GrpcException refused)
            {
                throw new ClusterException($"Worker {worker.Address}: {refused.Message}", refused);
            }
        }));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, client) in _workers) client.Dispose();
    }

    /// <summary>This machine's clock, for those who have no other.</summary>
    public long Clock() => Collectives.Metrics.TraceLog.Nanoseconds(_time.GetTimestamp(), _time.TimestampFrequency);

    private static async Task<RankTrace> TraceAsync(
        string address, ControlClient client, int place, TimeSpan window, Func<long> clock,
        CancellationToken cancellation)
    {
        var (best, offset) = (long.MaxValue, 0L);
        var status = new StatusReply();
        for (var i = 0; i < ClockReadings; i++)
        {
            var before = clock();
            status = await client.StatusAsync(new(), cancellation);
            var after = clock();
            if (after - before >= best) continue;
            (best, offset) = (after - before, status.ClockNanoseconds - before - ((after - before) / 2));
        }
        var since = status.ClockNanoseconds - (long)window.TotalNanoseconds;
        var entries = new List<Collectives.Metrics.TraceEntry>();
        await foreach (var chunk in client.TraceAsync(
            new() { SinceNanoseconds = Math.Max(0, since) }, cancellation))
            entries.AddRange(chunk.Spans.Select(RankTrace.Entry));
        var rank = status.Rank >= 0 ? status.Rank : place;
        return new(rank, $"rank {rank}, {address}, layers {status.LayerFirst}-{status.LayerEnd - 1}", offset, best / 2,
            entries);
    }
}
