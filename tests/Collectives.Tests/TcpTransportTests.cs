using System.Net.Sockets;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

public sealed class TcpTransportTests : TransportContract
{
    internal override IReadOnlyList<ITransport> Create(int size, TimeSpan deadline) =>
        Ranks.OverTcp(size, new() { Deadline = deadline });

    [Fact]
    public void A_frame_is_laid_out_as_documented()
    {
        var frame = new byte[Frame.HeaderBytes + 9];
        "123456789"u8.CopyTo(frame.AsSpan(Frame.HeaderBytes));

        Frame.Write(frame, FrameType.Data, sequence: 7, epoch: 5);

        Assert.Equal("4d4e4b460100040000002400000000000700000000000000" + "0500000009000000",
            Convert.ToHexStringLower(frame, 0, 32));
        Assert.Equal(new Frame(FrameType.Data, 7, 5, 9, Frame.Checksum(frame)), Frame.Read(frame, 9, out var problem));
        Assert.Null(problem);
    }

    /// <summary>The check value of the CRC catalogue: CRC-32C of "123456789" is e3069283.</summary>
    [Fact]
    public void The_checksum_is_crc32c()
    {
        // A header of zeros changes the register, so the catalogue's value is reached by its own definition: compare
        // with a bit-by-bit CRC of the same bytes.
        Assert.Equal(0xe3069283, BitByBit("123456789"u8));
        var frame = Enumerable.Range(0, 36 + 77).Select(i => (byte)(i * 31)).ToArray();

        Assert.Equal(BitByBit([.. frame[..32], .. frame[36..]]), Frame.Checksum(frame));
    }

    [Theory]
    [InlineData(0, "where a frame begins with")]
    [InlineData(4, "of version")]
    [InlineData(6, "damaged")]
    [InlineData(10, "with a header of")]
    [InlineData(20, "damaged")]
    [InlineData(24, "damaged")]
    [InlineData(31, "bytes; at most")]
    [InlineData(33, "damaged")]
    [InlineData(36, "damaged")]
    [InlineData(135, "damaged")]
    public void A_changed_byte_anywhere_is_found(int offset, string reason)
    {
        var frame = DataFrame(100, sequence: 0, epoch: 1);
        frame[offset] ^= 0x40;

        Assert.Contains(reason, ReceiveRaw(frame).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FrameType.Data, 0, 2, "it sent a frame of epoch 2; this is epoch 1")]
    [InlineData(FrameType.Data, 1, 1, "it sent frame 1 where frame 0 is due")]
    [InlineData(FrameType.Hello, 0, 1, "it sent a frame of type Hello among data")]
    internal void A_frame_of_another_time_is_refused(FrameType type, ulong sequence, int epoch, string reason)
    {
        var frame = new byte[Frame.HeaderBytes + 4];
        Frame.Write(frame, type, sequence, epoch);

        Assert.Equal(reason, ReceiveRaw(frame).Reason);
    }

    [Fact]
    public void An_announced_length_of_two_gigabytes_allocates_nothing()
    {
        var frame = DataFrame(0, sequence: 0, epoch: 1);
        BitConverter.TryWriteBytes(frame.AsSpan(28), int.MaxValue);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var lost = ReceiveRaw(frame);

        Assert.Contains("it announced 2147483647 bytes; at most 1048576 are allowed", lost.Reason,
            StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50 << 20);
    }

    [Fact]
    public void Half_a_frame_and_a_close_is_a_lost_peer() => Assert.Equal(
        "it closed the connection", ReceiveRaw(DataFrame(100, 0, 1)[..50]).Reason);

    /// <summary>The kernel holds 64 KiB of a link, each rank sends 1 MiB to each before it receives.</summary>
    [Fact]
    public void Sends_that_are_held_up_take_in_what_others_send()
    {
        var sockets = Ranks.Sockets(4);
        foreach (var socket in sockets.SelectMany(row => row).OfType<Socket>())
            socket.SendBufferSize = socket.ReceiveBufferSize = 16 << 10;
        Ranks.RunAll([.. Enumerable.Range(0, 4).Select(rank =>
            new TcpTransport(rank, sockets[rank], 1, new() { Deadline = Ranks.Deadline }))], transport =>
        {
            for (var round = 0; round < 3; round++)
            {
                for (var peer = 0; peer < 4; peer++)
                    if (peer != transport.Rank) transport.Send(peer, new byte[1 << 20]);
                for (var peer = 0; peer < 4; peer++)
                    if (peer != transport.Rank) Assert.Equal(1 << 20, transport.Receive(peer).Length);
            }
        });
    }

    [Fact]
    public void A_step_allocates_nothing_after_warm_up()
    {
        var least = new long[3];
        Ranks.RunAll(Ranks.OverTcp(3), transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = "two-shot", Wire = "q8" });
            var x = new float[4096];
            var all = new float[12];
            least[transport.Rank] = Ranks.LeastAllocated(() =>
            {
                ranks.AllReduce(x);
                ranks.AllGather(x.AsSpan(0, 4), all, [4, 4, 4]);
                if (transport.Rank == 0) ranks.Send(1, x);
                if (transport.Rank == 1) ranks.Receive(0, x);
                ranks.Barrier();
            });
        });

        Assert.All(least, bytes => Assert.InRange(bytes, 0, 200));
    }

    /// <summary>What a rank says to a peer that sends these bytes and leaves.</summary>
    private static PeerLostException ReceiveRaw(byte[] bytes)
    {
        var sockets = Ranks.Sockets(2);
        using var rank = new TcpTransport(0, sockets[0], 1, new() { Deadline = Ranks.Deadline });
        using var stranger = sockets[1][0]!;
        stranger.Send(bytes);
        stranger.Shutdown(SocketShutdown.Send);
        return Assert.Throws<PeerLostException>(() => rank.Receive(1));
    }

    private static byte[] DataFrame(int length, ulong sequence, int epoch)
    {
        var frame = new byte[Frame.HeaderBytes + length];
        Frame.Write(frame, FrameType.Data, sequence, epoch);
        return frame;
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }
}
