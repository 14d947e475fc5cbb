using Minka.Cluster.Protocol;
using Minka.Collectives;
using Minka.Collectives.Metrics;

namespace Minka.Cluster.Metrics;

/// <summary>Where the time of one rank's steps went.</summary>
/// <remarks>The rank's thread records, any thread reads.</remarks>
public sealed class RankMeter
{
    private readonly IReadOnlyList<(string Scope, ICommunicator Ranks)> _groups;
    private readonly ICommunicator _stage;
    private readonly IReadOnlyList<LinkMetrics> _links;
    private readonly (long Sent, long Received)[] _before;
    private long _tokens, _busy, _busySince;
    private int _open;

    /// <param name="trace">Takes steps; the groups' own entries go there too.</param>
    /// <param name="stage">Sums within a step: their time is not computing.</param>
    /// <param name="groups">Everything that the rank communicates by, and what for.</param>
    public RankMeter(
        TraceLog trace, ICommunicator stage, IReadOnlyList<(string Scope, ICommunicator Ranks)> groups)
    {
        (Trace, _stage, _groups) = (trace, stage, groups);
        // Groups share a transport; the largest group has the links of all.
        _links = groups.MaxBy(group => group.Ranks.Size).Ranks.Metrics.Links;
        _before = new (long, long)[_links.Count];
    }

    /// <summary>What the rank did lately.</summary>
    public TraceLog Trace { get; }

    /// <summary>Whole steps, from the step's arrival to its last byte sent.</summary>
    public LatencyHistogram Step { get; } = new();

    /// <summary>Computing of each step.</summary>
    public LatencyHistogram Compute { get; } = new();

    /// <summary>Tokens computed.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>Nanoseconds in which a step or more were on their way. Steps that overlap count once here, and each for
    /// itself in <see cref="Step"/>.</summary>
    public long BusyNanoseconds => Volatile.Read(ref _busy);

    /// <summary>
    /// Bytes and waits of links count from here: measuring at the start is no traffic of the model's.
    /// </summary>
    public void BeginLinks()
    {
        for (var i = 0; i < _links.Count; i++)
        {
            _before[i] = (_links[i].BytesSent, _links[i].BytesReceived);
            _links[i].Wait.Clear();
        }
    }

    /// <summary>Begins to measure a step.</summary>
    /// <param name="tokens">That it computes.</param>
    /// <param name="lane">Which of the steps that overlap, from 0.</param>
    public StepMeter Begin(int tokens, int lane = 0)
    {
        var now = Trace.Now;
        if (_open++ == 0) _busySince = now;
        return new(this, tokens, lane, now);
    }

    /// <summary>What was measured, for the control plane.</summary>
    public StatusReply Status() => Totals().Status(Trace.Now);

    /// <summary>What was measured until now, to be added up.</summary>
    public RankTotals Totals()
    {
        var totals = new RankTotals();
        totals.AddSteps(Step, Compute, Tokens, BusyNanoseconds);
        foreach (var (scope, ranks) in _groups)
            foreach (var operation in ranks.Metrics.Operations) totals.Add(scope, operation);
        for (var i = 0; i < _links.Count; i++) totals.Add(_links[i], _before[i]);
        return totals;
    }

    /// <summary>Nanoseconds that the stage's collectives took so far.</summary>
    private long Collecting() =>
        _stage.Metrics[CollectiveOperation.AllReduce].Total.SumNanoseconds
        + _stage.Metrics[CollectiveOperation.AllGather].Total.SumNanoseconds;

    /// <summary>One step that is being measured.</summary>
    public struct StepMeter
    {
        private readonly RankMeter _meter;
        private readonly int _tokens, _lane;
        private readonly long _start;
        private long _computeStart, _collected, _computed;

        internal StepMeter(RankMeter meter, int tokens, int lane, long start) =>
            (_meter, _tokens, _lane, _start) = (meter, tokens, lane, start);

        /// <summary>The layers begin; collectives between them will not count as computing.</summary>
        public void ComputeBegins() => (_computeStart, _collected) = (_meter.Trace.Now, _meter.Collecting());

        /// <summary>The layers are done.</summary>
        public void ComputeEnds()
        {
            var took = _meter.Trace.Now - _computeStart;
            _computed = took - (_meter.Collecting() - _collected);
            _meter.Trace.Record(new("forward", _computeStart, took, 0, 0, 0));
        }

        /// <summary>The step is over.</summary>
        public readonly void End()
        {
            var now = _meter.Trace.Now;
            _meter.Compute.Record(_computed);
            _meter.Step.Record(now - _start);
            Volatile.Write(ref _meter._tokens, _meter._tokens + _tokens);
            if (--_meter._open == 0) Volatile.Write(ref _meter._busy, _meter._busy + now - _meter._busySince);
            _meter.Trace.Record(new("step", _start, now - _start, 0, 0, 0) { Lane = _lane });
        }
    }
}
