using Minka.Collectives.Metrics;

namespace Minka.Collectives;

/// <summary>How a group sums and in which formats.</summary>
public sealed record CommunicatorOptions
{
    /// <summary>
    /// <c>auto</c>, <c>one-shot</c>, <c>two-shot</c>, <c>recursive-doubling</c>, <c>ring</c> or <c>star</c>.
    /// </summary>
    public string Algorithm { get; init; } = "auto";

    /// <summary>Number format of sums: <c>f32</c>, <c>f16</c> or <c>q8</c>.</summary>
    public string Wire { get; init; } = "f32";

    /// <summary>Number format of <see cref="ICommunicator.Send"/>: <c>f32</c>, <c>f16</c> or <c>q8</c>.</summary>
    public string Boundary { get; init; } = "f32";

    /// <summary>Takes every operation; null for none. Groups of one thread may share one.</summary>
    public TraceLog? Trace { get; init; }
}
