using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;

namespace Minka.Cluster.Tests;

/// <summary>
/// What our client must see of a worker that behaves as <see cref="SampleControl"/>, whoever wrote it.
/// </summary>
internal static class ControlContract
{
    public static async Task CheckAsync(ControlClient client, CancellationToken cancellation)
    {
        await CheckUnaryAsync(client, cancellation);
        await CheckStreamsAsync(client, cancellation);
        await CheckFailuresAsync(client, cancellation);
    }

    private static async Task CheckUnaryAsync(ControlClient client, CancellationToken cancellation)
    {
        var hello = await client.HelloAsync(new() { ProtocolMajor = 1, Build = "test" }, cancellation);

        Assert.Equal((1, "test grüßt", WorkerState.Idle), (hello.ProtocolMajor, hello.Build, hello.State));
        Assert.Equal((4, 1L << 40), (hello.Machine.Cores, hello.Machine.MemoryBytes));
        var need = Assert.Single(hello.Needs);
        Assert.Equal((ByteString.CopyFrom(1, 2, 255), "a", long.MaxValue), (need.Hash, need.Name, need.Bytes));
        Assert.Equal(new(), await client.StatusAsync(new(), cancellation)); // A message of no bytes.
        Assert.Equal(9, (await client.DrainAsync(new() { SecondsMax = 9 }, cancellation)).Steps);
    }

    private static async Task CheckStreamsAsync(ControlClient client, CancellationToken cancellation)
    {
        var taken = await client.LoadSlicesAsync(Slices(5, 1 << 20), cancellation);
        Assert.Equal((5L << 20, 7), (taken.BytesTaken, taken.SlicesComplete));
        Assert.Equal(0, (await client.LoadSlicesAsync(Slices(0, 0), cancellation)).BytesTaken);

        var events = new List<WatchEvent>();
        await foreach (var one in client.WatchAsync(new(), cancellation)) events.Add(one);
        Assert.Equal([0, 1, 2], events.Take(3).Select(one => one.Progress.BytesLoaded));
        Assert.Equal((2, 7, "it was silent"), (events[3].PeerLost.Rank, events[3].PeerLost.Epoch,
            events[3].PeerLost.Reason));
        Assert.Equal(4, events.Count);
    }

    private static async Task CheckFailuresAsync(ControlClient client, CancellationToken cancellation)
    {
        var refused = await Assert.ThrowsAsync<GrpcException>(() => client.StartAsync(new(), cancellation));
        Assert.Equal((GrpcStatus.FailedPrecondition, "Rank 3 läuft schon: 100 %.\nStop it first."),
            (refused.Status, refused.Message));

        var fault = await Assert.ThrowsAsync<GrpcException>(() => client.StopAsync(new(), cancellation));
        Assert.Equal(GrpcStatus.Internal, fault.Status);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);

        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.ProbeAsync(new() { SecondsMax = 60 }, soon.Token));
    }

    public static async IAsyncEnumerable<LoadSlicesRequest> Slices(int count, int bytes)
    {
        yield return new() { Header = new() { Rank = 7 } };
        for (var i = 0; i < count; i++)
        {
            yield return new() { Chunk = new() { Offset = i, Data = ByteString.CopyFrom(new byte[bytes]) } };
            await Task.Yield();
        }
    }
}
