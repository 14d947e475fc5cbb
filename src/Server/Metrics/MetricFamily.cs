using System.Buffers;

namespace Minka.Server.Metrics;

/// <summary>What a family counts.</summary>
internal enum MetricKind
{
    /// <summary>Only grows; its name ends in <c>_total</c>.</summary>
    Counter,

    /// <summary>Rises and falls.</summary>
    Gauge,

    /// <summary>Buckets, a sum, a count.</summary>
    Histogram,
}

/// <summary>Metrics of one name that differ in the values of their labels.</summary>
internal abstract class MetricFamily
{
    /// <summary>Series of one family at most; what comes after shares one, labelled <see cref="Other"/>.</summary>
    public const int SeriesMax = 1000;

    /// <summary>The label value of everything beyond <see cref="SeriesMax"/>.</summary>
    public const string Other = "other";

    private protected MetricFamily(MetricKind kind, string[] names, string help, string[] labels)
    {
        foreach (var name in names) MetricName.Check(name, kind);
        foreach (var label in labels) MetricName.CheckLabel(label, kind);
        (Kind, Names, Help, Labels) = (kind, names, help, labels);
    }

    /// <summary>What it counts.</summary>
    public MetricKind Kind { get; }

    /// <summary>Its name, and other names under which the same series are shown.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What it says, in one sentence.</summary>
    public string Help { get; }

    /// <summary>Names of its labels.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Of a histogram: the bounds that its other names show, some of its own; null for all.</summary>
    public double[]? AliasBounds { get; init; }

    /// <summary>Writes every series under every name.</summary>
    public abstract void Write(IBufferWriter<byte> to);

    /// <summary>Every series of a counter or a gauge with its label values.</summary>
    public abstract IEnumerable<(string[] Values, double Value)> Read();
}

/// <inheritdoc cref="MetricFamily"/>
/// <typeparam name="TMetric">Counter, gauge or histogram.</typeparam>
internal sealed class MetricFamily<TMetric>(
    MetricKind kind, string[] names, string help, string[] labels, Func<TMetric> create,
    Func<TMetric, double> value) : MetricFamily(kind, names, help, labels)
    where TMetric : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _indexes = [];
    private Series[] _series = [];

    /// <summary>The metric of these label values, made when it is new. Keep it where speed matters.</summary>
    /// <param name="values">As many as there are labels, in their order.</param>
    public TMetric With(params string[] values)
    {
        if (values.Length != Labels.Count)
            throw new ArgumentException($"{Names[0]} has {Labels.Count} labels; {values.Length} values were given.");
        lock (_lock)
        {
            if (_indexes.TryGetValue(Key(values), out var index)) return _series[index].Metric;
            if (_series.Length >= SeriesMax)
            {
                values = [.. values.Select(_ => Other)];
                if (_indexes.TryGetValue(Key(values), out index)) return _series[index].Metric;
            }
            var series = new Series(PrometheusText.Labels(Labels, values), [.. values], create());
            _indexes.Add(Key(values), _series.Length);
            // Readers take the array as it is: it is never changed, only replaced.
            _series = [.. _series, series];
            return series.Metric;
        }
    }

    public override void Write(IBufferWriter<byte> to)
    {
        var series = Volatile.Read(ref _series);
        if (series.Length == 0) return;
        foreach (var name in Names)
        {
            PrometheusText.Head(to, name, Help, Kind);
            foreach (var one in series)
                if (one.Metric is Histogram histogram)
                    PrometheusText.Write(to, name, one.Labels, histogram, name == Names[0] ? null : AliasBounds);
                else PrometheusText.Write(to, name, one.Labels, value(one.Metric));
        }
    }

    public override IEnumerable<(string[] Values, double Value)> Read() =>
        Volatile.Read(ref _series).Select(one => (one.Values, value(one.Metric)));

    private static string Key(string[] values) => string.Join('\0', values);

    private sealed record Series(string Labels, string[] Values, TMetric Metric);
}
