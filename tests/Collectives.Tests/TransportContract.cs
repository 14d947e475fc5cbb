using System.Diagnostics;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>
/// What every transport must do: order, size, back-pressure, and telling everyone when a rank is gone.
/// </summary>
public abstract class TransportContract
{
    private static readonly TimeSpan _short = TimeSpan.FromSeconds(1);

    internal abstract IReadOnlyList<ITransport> Create(int size, TimeSpan deadline);

    [Fact]
    public void Messages_arrive_whole_and_in_order()
    {
        int[] lengths = [0, 1, 35, 36, 37, 4096, 65_537, 1 << 20];
        Ranks.RunAll(Create(2, Ranks.Deadline), transport =>
        {
            for (var round = 0; round < 5; round++)
                foreach (var length in lengths)
                {
                    var message = new byte[length];
                    message.AsSpan().Fill((byte)(length + round));
                    transport.Send(1 - transport.Rank, message);
                    Assert.True(message.AsSpan().SequenceEqual(transport.Receive(1 - transport.Rank)));
                }
        });
    }

    [Fact]
    public void A_message_longer_than_allowed_is_refused_before_anything_is_sent()
    {
        var transports = Create(2, Ranks.Deadline);

        Assert.Throws<ArgumentException>(() =>
            transports[0].Send(1, new byte[transports[0].MessageBytesMax + 1]));
        Ranks.RunAll(transports, transport => new MeshCommunicator(transport, new()).Barrier());
    }

    /// <summary>All to all, more than any socket holds, before anyone receives.</summary>
    [Fact]
    public void Ranks_that_send_before_they_receive_do_not_wait_for_each_other_for_ever() => Ranks.RunAll(
        Create(4, Ranks.Deadline), transport =>
        {
            var message = new byte[transport.MessageBytesMax];
            for (var peer = 0; peer < 4; peer++)
                if (peer != transport.Rank) transport.Send(peer, message);
            for (var peer = 0; peer < 4; peer++)
                if (peer != transport.Rank) Assert.Equal(message.Length, transport.Receive(peer).Length);
        });

    [Fact]
    public void A_sender_whose_peer_takes_nothing_is_held_up_and_then_told()
    {
        var transports = Create(2, _short);
        var message = new byte[transports[0].MessageBytesMax];
        var sent = 0;

        var lost = Assert.Throws<PeerLostException>(() =>
        {
            for (; sent < 1000; sent++) transports[0].Send(1, message);
        });

        Assert.Equal(1, lost.Rank);
        Assert.InRange(sent, 1, 999);
        foreach (var transport in transports) transport.Dispose();
    }

    [Theory]
    [InlineData("one-shot")]
    [InlineData("two-shot")]
    [InlineData("recursive-doubling")]
    [InlineData("ring")]
    [InlineData("star")]
    public void A_rank_that_dies_is_lost_at_every_other_one(string algorithm)
    {
        var watch = Stopwatch.StartNew();
        var thrown = Ranks.Run(Create(5, Ranks.Deadline), transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = algorithm });
            for (var step = 0; step < 100; step++)
            {
                if (transport.Rank == 2 && step == 20)
                {
                    transport.Abort();
                    return;
                }
                ranks.AllReduce(new float[2000]);
            }
        });

        Assert.Null(thrown[2]);
        Assert.All([thrown[0], thrown[1], thrown[3], thrown[4]], any =>
            Assert.Equal(2, Assert.IsType<PeerLostException>(any).Rank));
        Assert.True(watch.Elapsed < Ranks.Deadline / 2, $"it took {watch.Elapsed}");
    }

    [Fact]
    public void A_rank_that_falls_silent_is_lost_at_every_other_one_within_the_deadline()
    {
        var watch = Stopwatch.StartNew();
        using var done = new CountdownEvent(3);
        var thrown = Ranks.Run(Create(4, _short), transport =>
        {
            if (transport.Rank == 3)
            {
                done.Wait(); // Alive, connected, and saying nothing.
                return;
            }
            try
            {
                new MeshCommunicator(transport, new() { Algorithm = "ring" }).AllReduce(new float[4000]);
            }
            finally
            {
                done.Signal();
            }
        });

        Assert.All(thrown[..3], any => Assert.IsType<PeerLostException>(any));
        Assert.InRange(watch.Elapsed, _short * 0.9, Ranks.Deadline / 2);
    }

    [Fact]
    public void Messages_sent_before_leaving_still_arrive() => Ranks.RunAll(Create(2, Ranks.Deadline), transport =>
    {
        if (transport.Rank == 0)
        {
            for (var i = 0; i < 20; i++) transport.Send(1, new byte[1000]);
            transport.Dispose();
            return;
        }
        for (var i = 0; i < 20; i++) Assert.Equal(1000, transport.Receive(0).Length);
        Assert.Equal(0, Assert.Throws<PeerLostException>(() => transport.Receive(0)).Rank);
    });

    [Fact]
    public void A_stopped_rank_stops_waiting()
    {
        var transports = Create(2, Ranks.Deadline);
        using var waiting = new ManualResetEventSlim();
        var thrown = Ranks.Run(transports, transport =>
        {
            if (transport.Rank == 0)
            {
                waiting.Set();
                transport.Receive(1, Timeout.InfiniteTimeSpan);
            }
            else
            {
                waiting.Wait();
                transports[0].Abort();
            }
        });

        Assert.IsType<PeerLostException>(thrown[0]);
        foreach (var transport in transports) transport.Dispose();
    }

    [Fact]
    public void Links_count_what_went_over_them() => Ranks.RunAll(Create(3, Ranks.Deadline), transport =>
    {
        var next = (transport.Rank + 1) % 3;
        for (var i = 0; i < 7; i++) transport.Send(next, new byte[100]);
        for (var i = 0; i < 7; i++) transport.Receive((transport.Rank + 2) % 3);

        Assert.Equal(7, transport.Link(next).FramesSent);
        Assert.InRange(transport.Link(next).BytesSent, 700, 7 * 150);
        Assert.Equal(0, transport.Link(next).FramesReceived);
        Assert.Equal(7, transport.Link((transport.Rank + 2) % 3).FramesReceived);
    });
}

public sealed class MemoryTransportTests : TransportContract
{
    internal override IReadOnlyList<ITransport> Create(int size, TimeSpan deadline) => Ranks.InMemory(size, deadline);
}
