using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>
/// Neighbour to neighbour: parts go once around being summed, and once around being handed out. The fewest bytes there
/// can be and only two links per rank, at <c>2 (N - 1)</c> latencies: for long messages.
/// </summary>
internal sealed class RingAllReduce : IAllReduce
{
    public string Name => "ring";

    public void Run(Group group, Span<float> values, IWire wire)
    {
        // Step s: send the part that was summed last, add this rank's values to the next. Part p begins at rank p, so
        // after N - 1 steps rank r holds part r + 1.
        for (var step = 0; step < group.Size - 1; step++)
        {
            var send = Part(group, values, -step);
            var receive = Part(group, values, -step - 1);
            if (send.Length > 0) group.Send(group.After(1), group.Encode(send, wire));
            if (receive.Length > 0) wire.Add(FromLeft(group, receive.Length, wire), receive);
        }
        HandOut(group, values, wire);
    }

    public double Predict(int size, double bytes, LinkCost link) =>
        (2 * (size - 1) * link.Latency) + (2.0 * (size - 1) / size * bytes * link.SecondsPerByte);

    /// <summary>Bytes are passed on as they came: a format that encodes twice might not give the same bits.</summary>
    private static void HandOut(Group group, Span<float> values, IWire wire)
    {
        var own = Part(group, values, 1);
        var carried = group.Encode(own, wire).Length;
        if (!wire.IsExact) wire.Decode(group.Encoded[..carried], own);
        for (var step = 0; step < group.Size - 1; step++)
        {
            if (carried > 0) group.Send(group.After(1), group.Encoded[..carried]);
            var receive = Part(group, values, -step);
            carried = 0;
            if (receive.Length == 0) continue;
            var bytes = FromLeft(group, receive.Length, wire);
            bytes.CopyTo(group.Encoded);
            carried = bytes.Length;
            wire.Decode(bytes, receive);
        }
    }

    private static ReadOnlySpan<byte> FromLeft(Group group, int count, IWire wire) =>
        group.Receive(group.After(group.Size - 1), count, wire);

    private static Span<float> Part(Group group, Span<float> values, int offset) =>
        values[group.Part(values.Length, group.After(offset + group.Size))];
}
