using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>
/// Direct reduce-scatter, direct all-gather: each rank sums its part for all. Two latencies and the fewest bytes there
/// can be, <c>2 (N - 1) / N</c> of a message.
/// </summary>
internal sealed class TwoShotAllReduce : IAllReduce
{
    public string Name => "two-shot";

    public void Run(Group group, Span<float> values, IWire wire)
    {
        for (var step = 1; step < group.Size; step++)
        {
            var rank = group.After(step);
            var part = values[group.Part(values.Length, rank)];
            if (part.Length > 0) group.Send(rank, group.Encode(part, wire));
        }

        var sum = values[group.Part(values.Length, group.Rank)];
        if (sum.Length > 0) SumOwn(group, sum, wire);
        for (var rank = 0; rank < group.Size; rank++)
        {
            var part = values[group.Part(values.Length, rank)];
            if (rank != group.Rank && part.Length > 0) wire.Decode(group.Receive(rank, part.Length, wire), part);
        }
    }

    public double Predict(int size, double bytes, LinkCost link) =>
        (2 * link.Latency) + (2.0 * (size - 1) / size * bytes * link.SecondsPerByte);

    /// <summary>Sums this rank's part in rank order and gives it to all, in the format that all will hold.</summary>
    private static void SumOwn(Group group, Span<float> sum, IWire wire)
    {
        var own = group.Values[..sum.Length];
        sum.CopyTo(own);
        for (var rank = 0; rank < group.Size; rank++)
        {
            if (rank == group.Rank)
            {
                if (rank == 0) continue; // The sum begins with this rank's own values, which are in place.
                Sums.Add(own, sum);
                continue;
            }
            var theirs = group.Receive(rank, sum.Length, wire);
            if (rank == 0) wire.Decode(theirs, sum);
            else wire.Add(theirs, sum);
        }

        var encoded = group.Encode(sum, wire);
        for (var step = 1; step < group.Size; step++) group.Send(group.After(step), encoded);
        if (!wire.IsExact) wire.Decode(encoded, sum);
    }
}
