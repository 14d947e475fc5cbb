using System.Globalization;
using Minka.Engine;
using Minka.Models;

namespace Minka.Server.Metrics;

/// <summary>Copies one engine's counters into the registry before each reading.</summary>
internal sealed class EngineFollower : IDisposable
{
    private readonly ServingMetrics _serving;
    private readonly Func<EngineSnapshot> _read;
    private readonly (Counter To, double Before, Func<EngineSnapshot, double> From)[] _sums;
    private readonly List<(Counter To, double Before)> _accepted = [];
    private readonly string[] _labels;
    private readonly Histogram _sizes;
    private readonly long[] _sizesBefore;
    private readonly double _sizeSumBefore;
    private readonly Gauge _running, _waiting, _waitingCapacity, _kvUsage, _kvUsed, _kvFree;

    public EngineFollower(ServingMetrics serving, string model, Func<EngineSnapshot> read)
    {
        (_serving, _read) = (serving, read);
        var labels = _labels = serving.ForModel(model).Labels;
        var engine = serving.Engine;
        // A model that is loaded again begins at 0; its sums go on from where they were.
        _sums = [.. new (MetricFamily<Counter> Family, Func<EngineSnapshot, double> From)[]
        {
            (engine.Steps, r => r.Steps),
            (engine.StepTokens, r => r.ComputedTokens),
            (engine.StepSeconds, r => r.StepTime.TotalSeconds),
            (engine.LostSteps, r => r.LostSteps),
            (engine.PromptTokens, r => r.PromptTokens),
            (engine.GenerationTokens, r => r.GeneratedTokens),
            (engine.PrefixQueries, r => r.PromptTokens),
            (engine.PrefixHits, r => r.CachedTokens),
            (engine.Preemptions, r => r.Preemptions),
            (engine.Drafts, r => r.Drafts),
            (engine.DraftTokens, r => r.DraftedTokens),
            (engine.AcceptedTokens, r => r.AcceptedTokens),
        }.Select(sum => (sum.Family.With(labels), sum.Family.With(labels).Value, sum.From))];
        _sizes = engine.StepSizes.With(labels);
        _sizesBefore = [.. Enumerable.Range(0, _sizes.Bounds.Length + 1).Select(_sizes.CountOf)];
        _sizeSumBefore = _sizes.Sum;
        _running = engine.Running.With(labels);
        _waiting = engine.Waiting.With(labels);
        _waitingCapacity = engine.WaitingByReason.With([.. labels, "capacity"]);
        _kvUsage = engine.KvUsage.With(labels);
        _kvUsed = engine.KvBlocks.With([.. labels, "used"]);
        _kvFree = engine.KvBlocks.With([.. labels, "free"]);
        var blocks = Text(read().TotalBlocks);
        engine.CacheConfig.With([.. labels, Text(ForwardInput.BlockTokens), blocks, "0", "True"]).Set(1);
        serving.Registry.BeforeReading(Refresh);
        Refresh();
    }

    public void Dispose()
    {
        Refresh();
        _serving.Registry.NoLongerBeforeReading(Refresh);
        foreach (var gauge in (Gauge[])[_running, _waiting, _waitingCapacity, _kvUsage, _kvUsed, _kvFree])
            gauge.Set(0);
    }

    private void Refresh()
    {
        var now = _read();
        foreach (var (to, before, from) in _sums) to.Follow(before + from(now));
        FollowSizes(now);
        FollowPositions(now.AcceptedByPosition);
        _running.Set(now.Running);
        _waiting.Set(now.Waiting);
        _waitingCapacity.Set(now.Waiting);
        _kvUsage.Set(now.KvUsage);
        _kvUsed.Set(now.UsedBlocks);
        _kvFree.Set(now.TotalBlocks - now.UsedBlocks);
    }

    private void FollowSizes(in EngineSnapshot now)
    {
        Span<long> counts = stackalloc long[_sizesBefore.Length];
        for (var i = 0; i < now.StepSizes.Count; i++) counts[i] = _sizesBefore[i] + now.StepSizes[i];
        _sizes.Follow(counts, _sizeSumBefore + now.ComputedTokens);
    }

    // A position has a series once somebody guessed so far ahead.
    private void FollowPositions(IReadOnlyList<long> accepted)
    {
        for (var position = 0; position < accepted.Count; position++)
        {
            if (position == _accepted.Count)
            {
                var counter = _serving.Engine.AcceptedByPosition.With([.. _labels, Text(position)]);
                _accepted.Add((counter, counter.Value));
            }
            _accepted[position].To.Follow(_accepted[position].Before + accepted[position]);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
