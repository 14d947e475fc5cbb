using Minka.Cluster.Protocol;
using Minka.Collectives.Metrics;

namespace Minka.Cluster.Metrics;

/// <summary>Where the time of a rank's steps went, in one cluster or in several, one after the other.</summary>
/// <remarks>Percentiles of several are those of all their steps together.</remarks>
public sealed class RankTotals
{
    private readonly LatencyHistogram _step = new(), _compute = new();
    private readonly OrderedDictionary<(string Scope, CollectiveOperation), OperationMetrics> _operations = [];
    private readonly SortedDictionary<int, Link> _links = [];
    private long _tokens, _busy;

    /// <summary>Adds what was measured in another cluster.</summary>
    public void Add(RankTotals other)
    {
        ArgumentNullException.ThrowIfNull(other);
        AddSteps(other._step, other._compute, other._tokens, other._busy);
        foreach (var ((scope, _), operation) in other._operations) Add(scope, operation);
        foreach (var (peer, link) in other._links) LinkTo(peer).Add(link);
    }

    internal void AddSteps(LatencyHistogram step, LatencyHistogram compute, long tokens, long busyNanoseconds)
    {
        _step.Add(step);
        _compute.Add(compute);
        _tokens += tokens;
        _busy += busyNanoseconds;
    }

    internal void Add(string scope, OperationMetrics operation)
    {
        if (operation.Total.Count == 0) return;
        var key = (scope, operation.Operation);
        if (!_operations.TryGetValue(key, out var sum))
            _operations.Add(key, sum = new OperationMetrics(operation.Operation));
        sum.Add(operation);
    }

    /// <param name="link">What went over it since it was made.</param>
    /// <param name="before">Bytes that do not count.</param>
    internal void Add(LinkMetrics link, (long Sent, long Received) before)
    {
        if (link.BytesSent + link.BytesReceived == 0) return;
        var health = link.Health;
        var now = new Link
        {
            Sent = link.BytesSent - before.Sent,
            Received = link.BytesReceived - before.Received,
            RoundTripNow = health?.RoundTripMicroseconds ?? 0,
            Retransmissions = health?.Retransmissions ?? 0,
        };
        now.RoundTrip.Add(link.RoundTrip);
        now.Wait.Add(link.Wait);
        LinkTo(link.Peer).Add(now);
    }

    /// <summary>All of it, as a rank says it of itself.</summary>
    /// <param name="clock">The rank's clock, in nanoseconds.</param>
    public StatusReply Status(long clock)
    {
        var status = new StatusReply
        {
            Steps = _step.Count,
            Tokens = _tokens,
            Step = Micros(_step),
            Compute = Micros(_compute),
            StepSeconds = Seconds(_step),
            BusySeconds = _busy / 1e9,
            ComputeSeconds = Seconds(_compute),
            ClockNanoseconds = clock,
        };
        foreach (var ((scope, _), operation) in _operations) status.Operations.Add(StatusOf(scope, operation));
        foreach (var (peer, link) in _links) status.Links.Add(StatusOf(peer, link));
        return status;
    }

    private static OperationStatus StatusOf(string scope, OperationMetrics operation) => new()
    {
        Scope = scope,
        Operation = operation.Name,
        Count = operation.Total.Count,
        Bytes = operation.Bytes,
        Wait = Micros(operation.Wait),
        Transfer = Micros(operation.Transfer),
        Reduce = Micros(operation.Reduce),
        Total = Micros(operation.Total),
        WaitSeconds = Seconds(operation.Wait),
        TransferSeconds = Seconds(operation.Transfer),
        ReduceSeconds = Seconds(operation.Reduce),
        MaxMicroseconds = operation.Total.MaxNanoseconds / 1e3,
    };

    private static LinkStatus StatusOf(int peer, Link link) => new()
    {
        Peer = peer,
        BytesSent = link.Sent,
        BytesReceived = link.Received,
        RoundTripMicrosecondsP50 = link.RoundTrip.Quantile(0.5) / 1e3,
        RoundTripMicrosecondsP99 = link.RoundTrip.Quantile(0.99) / 1e3,
        RoundTripMicrosecondsNow = link.RoundTripNow,
        Retransmissions = link.Retransmissions,
        Wait = Micros(link.Wait),
    };

    private static Quantiles Micros(LatencyHistogram histogram) => new()
    {
        P50 = histogram.Quantile(0.5) / 1e3,
        P95 = histogram.Quantile(0.95) / 1e3,
        P99 = histogram.Quantile(0.99) / 1e3,
    };

    private static double Seconds(LatencyHistogram histogram) => histogram.SumNanoseconds / 1e9;

    private Link LinkTo(int peer)
    {
        if (!_links.TryGetValue(peer, out var link)) _links.Add(peer, link = new Link());
        return link;
    }

    private sealed class Link
    {
        public long Sent { get; set; }

        public long Received { get; set; }

        public long RoundTripNow { get; set; }

        public long Retransmissions { get; set; }

        public LatencyHistogram RoundTrip { get; } = new();

        public LatencyHistogram Wait { get; } = new();

        public void Add(Link later)
        {
            Sent += later.Sent;
            Received += later.Received;
            Retransmissions += later.Retransmissions;
            // Of a connection that is closed the system says nothing.
            if (later.RoundTripNow > 0) RoundTripNow = later.RoundTripNow;
            RoundTrip.Add(later.RoundTrip);
            Wait.Add(later.Wait);
        }
    }
}
