using System.Globalization;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>How well the stages of a pipeline were kept busy.</summary>
/// <param name="InFlight">Steps on their way, on average while there were any.</param>
/// <param name="Bubbles">Share of that time in which a rank had nothing to work on, on average: 0 to 1.</param>
internal readonly record struct Pipelining(double InFlight, double Bubbles)
{
    /// <summary>Since the start of the epoch.</summary>
    /// <param name="root">Its steps overlap.</param>
    /// <param name="ranks">Every rank; what they sum with others is work.</param>
    public static Pipelining Of(StatusReply root, IReadOnlyList<StatusReply> ranks)
    {
        if (root.BusySeconds <= 0 || ranks.Count == 0) return default;
        var working = ranks.Average(rank => rank.ComputeSeconds + rank.Operations
            .Where(one => one.Scope == "stage").Sum(one => one.WaitSeconds + one.TransferSeconds + one.ReduceSeconds));
        return new(root.StepSeconds / root.BusySeconds, Math.Clamp(1 - (working / root.BusySeconds), 0, 1));
    }

    /// <summary>As a sentence.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{InFlight:F2} steps under way on average; stages had nothing to do {Bubbles * 100:F0} % of the time");
}
