using Minka.Server.Metrics;
using Minka.Server.Web;

namespace Minka.Server;

/// <summary>Everything that watches a server: its metrics, what the live page shows.</summary>
internal sealed class Telemetry : IAsyncDisposable
{
    /// <summary>Begins to watch.</summary>
    public Telemetry(ModelShelf models, ServerOptions options, TimeProvider time)
    {
        Registry = new MetricRegistry();
        var serving = new ServingMetrics(Registry);
        _ = new ProcessMetrics(Registry, options.Version);
        Registry.BeforeReading(new ShelfFollower(serving, models).Refresh);
        Live = new LiveRecorder(models, time);
        Observers = [new RequestMetrics(serving), Live];
        Live.Begin(_ => { });
    }

    /// <summary>The metrics.</summary>
    public MetricRegistry Registry { get; }

    /// <summary>What the live page shows.</summary>
    public LiveRecorder Live { get; }

    /// <summary>Told what becomes of requests.</summary>
    public IReadOnlyList<IRequestObserver> Observers { get; }

    /// <summary>Stops watching.</summary>
    public ValueTask DisposeAsync() => Live.DisposeAsync();
}
