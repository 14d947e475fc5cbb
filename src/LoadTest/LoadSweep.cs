using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Client;
using Minka.LoadTest.Results;
using Minka.LoadTest.Workloads;

namespace Minka.LoadTest;

/// <summary>What is measured.</summary>
public sealed record LoadPlan
{
    /// <summary>So many requests, by a seed.</summary>
    public required Func<int, int, IReadOnlyList<RequestShape>> Workload { get; init; }

    /// <summary>Levels of load, one after another.</summary>
    public required IReadOnlyList<LoadLevel> Levels { get; init; }

    /// <summary>Requests of a level.</summary>
    public int Requests { get; init; } = 100;

    /// <summary>Requests of a level for each user of a closed loop, instead of <see cref="Requests"/>; null for that.
    /// </summary>
    public int? RequestsPerUser { get; init; }

    /// <summary>Requests sent before each level and not counted.</summary>
    public int Warmups { get; init; }

    /// <summary>Of chance.</summary>
    public int Seed { get; init; }

    /// <summary>Targets; null for none.</summary>
    public Slo? Slo { get; init; }

    /// <summary>Share of requests that must meet them.</summary>
    public double AttainmentWanted { get; init; } = 0.9;

    /// <summary>Further rates to try, each halfway between the best and the first that failed.</summary>
    public int Refinements { get; init; }

    /// <summary>Percentiles to compute.</summary>
    public IReadOnlyList<double> Percents { get; init; } = [90, 99];
}

/// <summary>Runs the levels of a plan one after another.</summary>
/// <param name="server">What is measured.</param>
/// <param name="plan">How.</param>
public sealed class LoadSweep(LoadServer server, LoadPlan plan)
{
    /// <summary>Runs them all; Ctrl+C ends it early with what there is.</summary>
    /// <param name="begin">Called as a level begins; what it returns hears how far it is, and is disposed at its end.
    /// </param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>In the order of the load.</returns>
    public async Task<IReadOnlyList<LevelResult>> RunAsync(
        Func<LoadLevel, IProgress<LoadProgress>?> begin, CancellationToken cancellation)
    {
        var results = new List<LevelResult>();
        foreach (var level in plan.Levels)
        {
            if (cancellation.IsCancellationRequested) break;
            results.Add(await RunAsync(level, results.Count, begin, cancellation));
        }
        for (var i = 0; i < plan.Refinements && !cancellation.IsCancellationRequested; i++)
        {
            if (Between(SweepFindings.Of(results, plan.AttainmentWanted)) is not { } level) break;
            results.Add(await RunAsync(level, results.Count, begin, cancellation));
        }
        return [.. results.OrderBy(result => result.Load)];
    }

    private async Task<LevelResult> RunAsync(
        LoadLevel level, int index, Func<LoadLevel, IProgress<LoadProgress>?> begin, CancellationToken cancellation)
    {
        var count = level is { IsClosedLoop: true, ConcurrencyMax: { } users } && plan.RequestsPerUser is { } each
            ? each * users : plan.Requests;
        // Other words at every level: what the last one left in a prefix cache must not help this one.
        var seed = unchecked(plan.Seed + index * 7919);
        await WarmUpAsync(level, seed, cancellation);
        var requests = Prepare(count, seed);
        var progress = begin(level);
        try
        {
            var outcome = await LoadRun.RunAsync(server, level, requests, seed, progress, cancellation);
            return LevelResult.Of(outcome, plan.Slo, plan.Percents);
        }
        finally
        {
            (progress as IDisposable)?.Dispose();
        }
    }

    private async Task WarmUpAsync(LoadLevel level, int seed, CancellationToken cancellation)
    {
        if (plan.Warmups == 0 || cancellation.IsCancellationRequested) return;
        var requests = Prepare(plan.Warmups, unchecked(seed ^ 0x5eed));
        await LoadRun.RunAsync(
            server, LoadLevel.Users(Math.Min(plan.Warmups, level.ConcurrencyMax ?? plan.Warmups)), requests, seed, null,
            cancellation);
    }

    private List<PreparedRequest> Prepare(int count, int seed)
    {
        var writer = new PromptWriter(server.Ruler, seed);
        return [.. plan.Workload(count, seed).Select((shape, i) => server.Prepare(shape, writer.Write(shape, i)))];
    }

    /// <summary>Halfway between the best rate and the first that failed; null in a closed loop.</summary>
    private LoadLevel? Between(SweepFindings findings)
    {
        if (findings is not { Best.Rate: { } low, FirstFailed.Rate: { } high } || !double.IsFinite(high)) return null;
        var rate = Math.Round((low + high) / 2, 3);
        if (rate <= low || rate >= high) return null;
        return plan.Levels[0] with { Arrivals = WithRate(plan.Levels[0].Arrivals!, rate) };
    }

    /// <summary>The same pattern at another rate.</summary>
    public static ArrivalPattern WithRate(ArrivalPattern pattern, double rate) => pattern switch
    {
        ConstantArrivals constant => constant with { PerSecond = rate },
        GammaArrivals gamma => gamma with { PerSecond = rate },
        BurstArrivals bursts => bursts with { PerSecond = rate },
        OnOffArrivals onOff => onOff with { PerSecond = rate },
        RecordedArrivals recorded => recorded with { Speed = recorded.Speed * rate / recorded.Rate },
        _ => new GammaArrivals(rate),
    };
}
