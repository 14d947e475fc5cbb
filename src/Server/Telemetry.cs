using Minka.Server.Metrics;
using Minka.Server.Observing;
using Minka.Server.Web;

namespace Minka.Server;

/// <summary>Everything that watches a server: metrics, the live page, logs, what is sent to a collector.</summary>
internal sealed class Telemetry : IAsyncDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Begins to watch.</summary>
    public Telemetry(ModelShelf models, ServerOptions options, TimeProvider time)
    {
        Registry = new MetricRegistry();
        var serving = new ServingMetrics(Registry);
        _ = new ProcessMetrics(Registry, options.Version);
        Registry.BeforeReading(new ShelfFollower(serving, models).Refresh);
        Live = new LiveRecorder(models, time);
        var observers = new List<IRequestObserver> { new RequestMetrics(serving), Live };
        if (options.AccessLog is { } write) observers.Add(new AccessLog(write, time));
        var sendsTraces = OtelVariables.Wants(options.OtelVariables, "TRACES");
        var sendsMetrics = OtelVariables.Wants(options.OtelVariables, "METRICS");
        if (sendsTraces || sendsMetrics) Export(options);
        if (sendsTraces) observers.Add(Own(new RequestSpans(time)));
        if (sendsMetrics) observers.Add(Own(new RequestMeters(Registry, time)));
        Observers = observers;
        Live.Begin(new ThroughputLog(options.Log).Add);
    }

    /// <summary>The metrics.</summary>
    public MetricRegistry Registry { get; }

    /// <summary>What the live page shows.</summary>
    public LiveRecorder Live { get; }

    /// <summary>Told what becomes of requests.</summary>
    public IReadOnlyList<IRequestObserver> Observers { get; }

    /// <summary>Stops watching; sends what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await Live.DisposeAsync().ConfigureAwait(false);
        foreach (var owned in _owned) owned.Dispose();
    }

    private void Export(ServerOptions options) => Own(new OtlpExport(options.OtelVariables, options.Version));

    private T Own<T>(T one) where T : IDisposable
    {
        _owned.Add(one);
        return one;
    }
}
