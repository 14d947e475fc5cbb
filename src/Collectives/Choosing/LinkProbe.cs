using System.Runtime.InteropServices;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Choosing;

/// <summary>A link between this rank and another, alike in both directions.</summary>
/// <param name="Peer">The other rank.</param>
/// <param name="RoundTripP50Microseconds">Of a small message there and back, half of the time.</param>
/// <param name="RoundTripP99Microseconds">The same, 99 of 100 times.</param>
/// <param name="BytesPerSecond">Of a large message, from the lower rank to the higher one.</param>
public readonly record struct LinkMeasure(
    int Peer, double RoundTripP50Microseconds, double RoundTripP99Microseconds, double BytesPerSecond);

/// <summary>Measures every link of a group, one pair at a time, so that no pair disturbs another.</summary>
public static class LinkProbe
{
    private const int BallBytes = 64;
    private const int WarmUps = 20;
    private const int RoundTripsMax = 1000;
    private const int BulkMessage = 256 << 10;
    private const int BulkMessages = 24;

    /// <summary>Ping-pong lasts no longer than this for a pair.</summary>
    private static readonly TimeSpan _pingPongMax = TimeSpan.FromMilliseconds(300);

    /// <summary>Every rank calls it at the same time.</summary>
    /// <returns>Links of this rank to all others.</returns>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public static IReadOnlyList<LinkMeasure> Measure(ITransport transport)
    {
        var group = new Group(transport, [.. Enumerable.Range(0, transport.Size)]);
        var links = new List<LinkMeasure>();
        for (var first = 0; first < transport.Size; first++)
            for (var second = first + 1; second < transport.Size; second++)
            {
                group.Barrier();
                if (transport.Rank == first) links.Add(Serve(transport, second));
                if (transport.Rank == second) links.Add(Return(transport, first));
            }
        group.Barrier();
        return links;
    }

    private static LinkMeasure Serve(ITransport transport, int peer)
    {
        Span<byte> ball = stackalloc byte[BallBytes];
        for (var i = 0; i < WarmUps; i++) RoundTrip(transport, peer, ball);
        var times = new LatencyHistogram();
        var start = transport.Time.GetTimestamp();
        while (times.Count < RoundTripsMax && (times.Count < WarmUps
            || transport.Time.GetElapsedTime(start) < _pingPongMax)) times.Record(RoundTrip(transport, peer, ball));
        transport.Send(peer, []);

        var bulk = new byte[Math.Min(BulkMessage, transport.MessageBytesMax)];
        start = transport.Time.GetTimestamp();
        for (var i = 0; i < BulkMessages; i++) transport.Send(peer, bulk);
        transport.Receive(peer);
        var seconds = transport.Time.GetElapsedTime(start).TotalSeconds - (times.Quantile(0.5) / 2e9);
        Span<double> result =
        [
            times.Quantile(0.5) / 1e3, times.Quantile(0.99) / 1e3,
            (double)bulk.Length * BulkMessages / Math.Max(seconds, 1e-6),
        ];
        transport.Send(peer, MemoryMarshal.AsBytes(result));
        return new(peer, result[0], result[1], result[2]);
    }

    private static long RoundTrip(ITransport transport, int peer, ReadOnlySpan<byte> ball)
    {
        var start = transport.Time.GetTimestamp();
        transport.Send(peer, ball);
        transport.Receive(peer);
        return TraceLog.Nanoseconds(transport.Time.GetTimestamp() - start, transport.Time.TimestampFrequency);
    }

    private static LinkMeasure Return(ITransport transport, int peer)
    {
        Span<byte> ball = stackalloc byte[BallBytes];
        while (!transport.Receive(peer).IsEmpty) transport.Send(peer, ball);
        for (var i = 0; i < BulkMessages; i++) transport.Receive(peer);
        transport.Send(peer, []);
        Span<double> result = stackalloc double[3];
        var message = transport.Receive(peer);
        if (message.Length != result.Length * sizeof(double))
            throw transport.Lose(peer, $"it sent {message.Length} bytes where the result of a probe is due");
        message.CopyTo(MemoryMarshal.AsBytes(result));
        return new(peer, result[0], result[1], result[2]);
    }
}
