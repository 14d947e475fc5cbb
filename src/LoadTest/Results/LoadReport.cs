using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>With what, against what and how it was measured.</summary>
public sealed record LoadSetting
{
    /// <summary>What reports call this run: a name of the server or of what was changed.</summary>
    public required string Label { get; init; }

    /// <summary>The server.</summary>
    public required string Url { get; init; }

    /// <summary>vLLM's word for the kind of endpoint: <c>openai</c>, <c>openai-chat</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Model as requests name it.</summary>
    public required string Model { get; init; }

    /// <summary>What the server calls itself; null if it does not say.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>What is asked: data set and lengths, for people.</summary>
    public required string Workload { get; init; }

    /// <summary>Where lengths of prompts come from, for people.</summary>
    public string TokenCounts { get; init; } = "";

    /// <summary>The machine that measured.</summary>
    public string Machine { get; init; } = "";

    /// <summary>What measured.</summary>
    public string Tool { get; init; } = "";

    /// <summary>When it began.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Of chance.</summary>
    public int Seed { get; init; }

    /// <summary>Targets; null for none.</summary>
    public Slo? Slo { get; init; }

    /// <summary>Share of requests that must meet the targets.</summary>
    public double AttainmentWanted { get; init; } = 0.9;

    /// <summary>What the user wanted to have written down.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];
}

/// <summary>One level of load with what came of it.</summary>
/// <param name="Name">Short: <c>4 users</c>.</param>
/// <param name="Description">In full.</param>
/// <param name="Rate">Requests per second that were sent; null for a closed loop; may be infinite.</param>
/// <param name="ConcurrencyMax">Users, or the limit of requests under way; null for none.</param>
/// <param name="Summary">Numbers.</param>
/// <param name="Requests">One by one; empty if the file that was read does not have them.</param>
/// <param name="IsInterrupted">Ctrl+C ended it.</param>
public sealed record LevelResult(
    string Name, string Description, double? Rate, int? ConcurrencyMax, LevelSummary Summary,
    IReadOnlyList<RequestOutcome> Requests, bool IsInterrupted = false)
{
    /// <summary>From a run.</summary>
    public static LevelResult Of(LevelOutcome outcome, Slo? slo, IReadOnlyList<double> percents) => new(
        outcome.Level.Name, outcome.Level.Description, outcome.Level.Arrivals?.Rate, outcome.Level.ConcurrencyMax,
        LevelSummary.Of(outcome, slo, percents), outcome.Outcomes, outcome.IsInterrupted);

    /// <summary>Users or requests per second, to order levels by.</summary>
    public double Load => Rate is { } rate && double.IsFinite(rate) ? rate : ConcurrencyMax ?? 0;
}

/// <summary>A whole measurement: one level, or the levels of a sweep.</summary>
/// <param name="Setting">How.</param>
/// <param name="Levels">What came of it, at least one, in the order of the load.</param>
public sealed record LoadReport(LoadSetting Setting, IReadOnlyList<LevelResult> Levels)
{
    /// <summary>What the levels together say.</summary>
    public SweepFindings Findings => SweepFindings.Of(Levels, Setting.AttainmentWanted);
}
