using System.Buffers;

namespace Minka.Server.Metrics;

/// <summary>Every metric of a process, and its text for Prometheus.</summary>
internal sealed class MetricRegistry
{
    /// <summary>Content type of <see cref="Write"/>'s text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly HashSet<string> _names = [];
    private readonly List<MetricFamily> _families = [];
    private readonly List<Action> _refreshes = [];

    /// <summary>Every family, in the order in which they were added.</summary>
    public IReadOnlyList<MetricFamily> Families
    {
        get { lock (_lock) return [.. _families]; }
    }

    /// <summary>Adds a counter.</summary>
    /// <param name="names">Its name, then other names for the same series; separated by spaces.</param>
    /// <param name="help">What it says.</param>
    /// <param name="labels">Names of its labels.</param>
    public MetricFamily<Counter> Counter(string names, string help, params string[] labels) =>
        Add(new MetricFamily<Counter>(MetricKind.Counter, Split(names), help, labels, () => new(), c => c.Value));

    /// <inheritdoc cref="Counter"/>
    /// <summary>Adds a gauge.</summary>
    public MetricFamily<Gauge> Gauge(string names, string help, params string[] labels) =>
        Add(new MetricFamily<Gauge>(MetricKind.Gauge, Split(names), help, labels, () => new(), g => g.Value));

    /// <summary>Adds a histogram.</summary>
    /// <param name="names">Its name, then other names for the same series; separated by spaces.</param>
    /// <param name="help">What it says.</param>
    /// <param name="bounds">Upper bounds of the buckets, rising, without infinity.</param>
    /// <param name="aliasBounds">Those of them that the other names show; null for all.</param>
    /// <param name="labels">Names of its labels.</param>
    public MetricFamily<Histogram> Histogram(
        string names, string help, double[] bounds, double[]? aliasBounds, params string[] labels)
    {
        for (var i = 0; i < bounds.Length; i++)
            if (!double.IsFinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
                throw new ArgumentException($"Bound {i} of {names} is {bounds[i]}; bounds are finite and rise.");
        if (aliasBounds is not null && !aliasBounds.All(bounds.Contains))
            throw new ArgumentException($"The other names of {names} show bounds that it does not count.");
        return Add(new MetricFamily<Histogram>(
            MetricKind.Histogram, Split(names), help, labels, () => new(bounds), h => h.Count)
        { AliasBounds = aliasBounds });
    }

    /// <summary>Calls <paramref name="refresh"/> before each reading, to fetch what is kept elsewhere.</summary>
    public void BeforeReading(Action refresh)
    {
        lock (_lock) _refreshes.Add(refresh);
    }

    /// <summary>Takes back a <see cref="BeforeReading"/>.</summary>
    public void NoLongerBeforeReading(Action refresh)
    {
        lock (_lock) _refreshes.Remove(refresh);
    }

    /// <summary>Fetches what is kept elsewhere.</summary>
    public void Refresh()
    {
        Action[] refreshes;
        lock (_lock) refreshes = [.. _refreshes];
        foreach (var refresh in refreshes) refresh();
    }

    /// <summary>Writes every metric as Prometheus' text, version 0.0.4.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        Refresh();
        foreach (var family in Families) family.Write(to);
    }

    private static string[] Split(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private TFamily Add<TFamily>(TFamily family)
        where TFamily : MetricFamily
    {
        lock (_lock)
        {
            foreach (var name in family.Names)
                if (!_names.Add(name)) throw new ArgumentException($"There is a metric '{name}' already.");
            _families.Add(family);
            return family;
        }
    }
}
