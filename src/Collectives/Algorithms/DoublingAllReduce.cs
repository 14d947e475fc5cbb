using System.Numerics;
using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>
/// Recursive doubling: pairs exchange, then pairs of pairs, … <c>log2 N</c> latencies and messages. Ranks beyond the
/// largest power of two give their values to a partner first and get the sums last.
/// </summary>
internal sealed class DoublingAllReduce : IAllReduce
{
    public string Name => "recursive-doubling";

    public void Run(Group group, Span<float> values, IWire wire)
    {
        var active = 1 << BitOperations.Log2((uint)group.Size);
        var extra = group.Size - active;
        var partner = group.Rank < active ? group.Rank + active : group.Rank - active;
        if (group.Rank >= active)
        {
            group.Send(partner, group.Encode(values, wire));
            wire.Decode(group.Receive(partner, values.Length, wire), values);
            return;
        }

        if (group.Rank < extra) wire.Add(group.Receive(partner, values.Length, wire), values);
        for (var distance = 1; distance < active; distance <<= 1)
            Exchange(group, group.Rank ^ distance, values, wire);
        if (extra == 0) return;

        // Partners get the encoded sums, so everyone holds the encoded sums.
        var sums = group.Encode(values, wire);
        if (group.Rank < extra) group.Send(partner, sums);
        if (!wire.IsExact) wire.Decode(sums, values);
    }

    public double Predict(int size, double bytes, LinkCost link)
    {
        var steps = BitOperations.Log2((uint)size) + (BitOperations.IsPow2(size) ? 0 : 2);
        return steps * (link.Latency + (bytes * link.SecondsPerByte));
    }

    /// <summary>Both sides add the same two encoded numbers, and addition commutes: the same bits.</summary>
    private static void Exchange(Group group, int other, Span<float> values, IWire wire)
    {
        var mine = group.Encode(values, wire);
        group.Send(other, mine);
        if (!wire.IsExact) wire.Decode(mine, values);
        wire.Add(group.Receive(other, values.Length, wire), values);
    }
}
