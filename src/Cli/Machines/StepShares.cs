using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>Where the time of a rank's steps went, as shares of it.</summary>
/// <param name="Compute">Layers.</param>
/// <param name="Wait">Until first bytes of others came.</param>
/// <param name="Transfer">While bytes moved.</param>
/// <param name="Reduce">Converting and adding.</param>
internal readonly record struct StepShares(double Compute, double Wait, double Transfer, double Reduce)
{
    /// <summary>Since the start of the epoch.</summary>
    public static StepShares Of(StatusReply status) => Between(new(), status);

    /// <summary>Between two looks at the same rank.</summary>
    public static StepShares Between(StatusReply before, StatusReply after)
    {
        var whole = after.StepSeconds - before.StepSeconds;
        if (whole <= 0) return default;
        return new(
            (after.ComputeSeconds - before.ComputeSeconds) / whole,
            (Sum(after, one => one.WaitSeconds) - Sum(before, one => one.WaitSeconds)) / whole,
            (Sum(after, one => one.TransferSeconds) - Sum(before, one => one.TransferSeconds)) / whole,
            (Sum(after, one => one.ReduceSeconds) - Sum(before, one => one.ReduceSeconds)) / whole);
    }

    /// <summary>Receiving from the root is waiting for the next step, which is outside of steps.</summary>
    private static double Sum(StatusReply status, Func<OperationStatus, double> part) => status.Operations
        .Where(one => (one.Scope, one.Operation) is not ("control", "receive")).Sum(part);
}
