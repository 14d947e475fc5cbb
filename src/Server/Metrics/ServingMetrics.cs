using System.Collections.Concurrent;
using Minka.Engine;

namespace Minka.Server.Metrics;

/// <summary>What a server counts: our names (<c>minka_</c>) with vLLM's (<c>vllm:</c>) beside them.</summary>
internal sealed class ServingMetrics
{
    private static readonly string[] _ofModel = ["model_name", "engine"];

    private readonly ConcurrentDictionary<(string Route, int Status, string Finish), Counter> _requests = [];
    private readonly ConcurrentDictionary<string, ModelMetrics> _models = [];
    private readonly MetricFamily<Counter> _requestsTotal, _rejections;

    /// <summary>Adds every family to a registry.</summary>
    public ServingMetrics(MetricRegistry registry)
    {
        Registry = registry;
        _requestsTotal = registry.Counter("minka_requests_total",
            "Requests answered, by route, HTTP status (499: the client left) and why the text ended.",
            "route", "status", "finish_reason");
        _rejections = registry.Counter("minka_admission_rejections_total",
            "Requests refused before they were queued, by reason.", "reason");
        Times = new(registry, _ofModel);
        Tokens = new(registry, _ofModel);
        Engine = new(registry, _ofModel);
    }

    /// <summary>Where the families are.</summary>
    public MetricRegistry Registry { get; }

    /// <summary>Models that were counted for.</summary>
    public IEnumerable<ModelMetrics> Models => _models.Values;

    internal TimeFamilies Times { get; }

    internal TokenFamilies Tokens { get; }

    internal EngineFamilies Engine { get; }

    /// <summary>The metrics of one model.</summary>
    public ModelMetrics ForModel(string name) => _models.GetOrAdd(name, name => new(this, name));

    /// <summary>Counts an answered request.</summary>
    /// <param name="route">The route's template, never the path that was asked for.</param>
    /// <param name="status">HTTP status; 499 for a client that left.</param>
    /// <param name="finish">Why the text ended; empty where there is none.</param>
    public void Answered(string route, int status, string finish) =>
        _requests.GetOrAdd((route, status, finish), static (key, family) => family.With(key.Route,
            key.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), key.Finish), _requestsTotal).Add();

    /// <summary>Counts a request that was refused before it was queued.</summary>
    public void Rejected(string reason) => _rejections.With(reason).Add();

    /// <summary>Shows what an engine counts until the result is disposed of.</summary>
    /// <param name="model">Name of its model.</param>
    /// <param name="read">Looks at it; cheap, and called from any thread.</param>
    public IDisposable Follow(string model, Func<EngineSnapshot> read) => new EngineFollower(this, model, read);
}
