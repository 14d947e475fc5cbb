using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>
/// Everyone sends everything to everyone and sums in rank order: one latency, <c>N - 1</c> messages. Best for two ranks
/// and where latency rules.
/// </summary>
internal sealed class OneShotAllReduce : IAllReduce
{
    public string Name => "one-shot";

    public void Run(Group group, Span<float> values, IWire wire)
    {
        var mine = group.Encode(values, wire);
        for (var step = 1; step < group.Size; step++) group.Send(group.After(step), mine);

        // In rank order, and this rank's own values as the others see them: the same sum everywhere.
        for (var rank = 0; rank < group.Size; rank++)
        {
            var theirs = rank == group.Rank ? mine : group.Receive(rank, values.Length, wire);
            if (rank == 0) wire.Decode(theirs, values);
            else wire.Add(theirs, values);
        }
    }

    public double Predict(int size, double bytes, LinkCost link) =>
        link.Latency + ((size - 1) * bytes * link.SecondsPerByte);
}
