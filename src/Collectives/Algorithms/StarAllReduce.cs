using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>
/// Rank 0 sums for all: what distributed-llama's fork does. Every byte goes through one link; kept to compare with.
/// </summary>
internal sealed class StarAllReduce : IAllReduce
{
    public string Name => "star";

    public void Run(Group group, Span<float> values, IWire wire)
    {
        if (group.Rank > 0)
        {
            group.Send(0, group.Encode(values, wire));
            wire.Decode(group.Receive(0, values.Length, wire), values);
            return;
        }

        for (var rank = 1; rank < group.Size; rank++) wire.Add(group.Receive(rank, values.Length, wire), values);
        var sums = group.Encode(values, wire);
        for (var rank = 1; rank < group.Size; rank++) group.Send(rank, sums);
        if (!wire.IsExact) wire.Decode(sums, values);
    }

    public double Predict(int size, double bytes, LinkCost link) =>
        (2 * link.Latency) + (2 * (size - 1) * bytes * link.SecondsPerByte);
}
