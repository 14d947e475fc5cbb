using System.Diagnostics;
using System.Diagnostics.Metrics;
using Minka.Server.Metrics;

namespace Minka.Server.Observing;

/// <summary>The registry's counters and gauges as instruments of .NET, and the histograms that OpenTelemetry names for
/// servers of models; what exporters of .NET read.</summary>
internal sealed class RequestMeters : IRequestObserver, IDisposable
{
    private static readonly TimeSpan _fresh = TimeSpan.FromSeconds(1);

    private readonly Meter _meter = new(GenAiNames.Minka);
    private readonly MetricRegistry _registry;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration, _firstToken, _perToken;
    private readonly Lock _lock = new();
    private long? _refreshed;

    public RequestMeters(MetricRegistry registry, TimeProvider time)
    {
        (_registry, _time) = (registry, time);
        _duration = Seconds(GenAiNames.RequestDuration, "Whole requests.", GenAiNames.DurationBounds);
        _firstToken = Seconds(GenAiNames.TimeToFirstToken, "Until the first token.", GenAiNames.FirstTokenBounds);
        _perToken = Seconds(GenAiNames.TimePerOutputToken, "Each token after the first.", GenAiNames.PerTokenBounds);
        foreach (var family in registry.Families) Show(family);
    }

    public void Began(RequestTrace trace) { }

    public void Ended(RequestTrace trace)
    {
        if (trace.Generations.Count == 0) return;
        var request = EndedRequest.Of(trace, _time.GetUtcNow());
        var tags = new TagList
        {
            { GenAiNames.Operation, GenAiNames.OperationOf(request.Route) },
            { GenAiNames.Provider, GenAiNames.Minka },
            { GenAiNames.RequestModel, request.Model },
            { GenAiNames.ResponseModel, request.Model },
        };
        if (request.Fault is not null) tags.Add(GenAiNames.ErrorType, request.Fault);
        _duration.Record(request.EndToEnd, tags);
        if (request.FirstToken is { } first) _firstToken.Record(first, tags);
        if (request.PerToken is { } each) _perToken.Record(each, tags);
    }

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string what, double[] bounds) => _meter.CreateHistogram(
        name, "s", what, tags: null, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private void Show(MetricFamily family)
    {
        var name = family.Names[0];
        if (family.Kind == MetricKind.Counter)
            // Whoever turns this into Prometheus' names adds the ending itself.
            _meter.CreateObservableCounter(name[..^"_total".Length], () => Read(family), null, family.Help);
        else if (family.Kind == MetricKind.Gauge)
            _meter.CreateObservableGauge(name, () => Read(family), null, family.Help);
    }

    private IEnumerable<Measurement<double>> Read(MetricFamily family)
    {
        lock (_lock)
        {
            // All instruments are read one after the other: one fetching serves them all.
            if (_refreshed is not { } last || _time.GetElapsedTime(last) > _fresh)
            {
                _registry.Refresh();
                _refreshed = _time.GetTimestamp();
            }
        }
        return family.Read().Select(series => new Measurement<double>(series.Value,
            family.Labels.Zip(series.Values, (label, value) => KeyValuePair.Create(label, (object?)value))));
    }
}
