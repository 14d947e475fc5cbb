using System.Net;
using System.Net.Sockets;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>Ranks of one machine that exchange bytes through memory.</summary>
public sealed class SharedLaneTests : TransportContract
{
    internal override IReadOnlyList<ITransport> Create(int size, TimeSpan deadline) =>
        Ranks.OverMemory(size, new() { Deadline = deadline });

    [Fact]
    public void Bytes_come_out_as_they_went_in_around_the_ring()
    {
        var (first, second) = Ranks.Lanes();
        var random = new Random(4);
        var into = new byte[1 << 20];
        var (sent, taken) = (0L, 0L);

        while (taken < 20L * SharedLane.RingBytes)
        {
            var bytes = new byte[random.Next(1 << 20)];
            for (var i = 0; i < bytes.Length; i++) bytes[i] = Letter(sent + i);
            sent += first.TryWrite(bytes, out var isAsleep);
            Assert.False(isAsleep);
            Assert.InRange(sent - taken, 0, SharedLane.RingBytes);
            var count = second.TryRead(into.AsSpan(0, random.Next(1, 1 << 20)));
            for (var i = 0; i < count; i++) Assert.Equal(Letter(taken + i), into[i]);
            taken += count;
        }

        first.Dispose();
        second.Dispose();

        static byte Letter(long at) => (byte)(at * 31 % 251);
    }

    [Fact]
    public void A_reader_that_sleeps_is_told_of_and_never_falls_asleep_on_what_has_come()
    {
        var (first, second) = Ranks.Lanes();

        Assert.False(second.SetAsleep(true));
        first.TryWrite([1], out var isAsleep);
        Assert.True(isAsleep);
        Assert.True(second.SetAsleep(true));

        first.Dispose();
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.TryRead(new byte[1]));
    }

    [Fact]
    public async Task Ranks_on_loopback_agree_on_memory_and_leave_no_name_of_it_behind()
    {
        SkipWithoutMemory();
        var (one, other) = await AgreeAsync(true, true);

        Assert.NotNull(one);
        Assert.NotNull(other);
        Assert.Equal(one.Nonce, other.Nonce);
        Assert.Null(SharedLane.TryOpen(one.Name));
        one.TryWrite([7, 8], out _);
        var read = new byte[4];
        Assert.Equal(2, other.TryRead(read));
        Assert.Equal([7, 8, 0, 0], read);
        one.Dispose();
        other.Dispose();
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Ranks_of_which_one_does_not_want_to_use_their_connection(bool offers, bool answers)
    {
        var (one, other) = await AgreeAsync(offers, answers);

        Assert.Null(one);
        Assert.Null(other);
    }

    [Fact]
    public async Task Ranks_that_join_on_one_machine_share_memory()
    {
        SkipWithoutMemory();
        await using var cluster = new Listeners(3, PresharedKey.Create());

        var transports = await cluster.JoinAsync(cluster.Identities());

        Ranks.RunAll(transports, transport =>
        {
            for (var peer = 0; peer < 3; peer++)
                Assert.Equal(peer != transport.Rank, transport.Link(peer).IsShared);
            var x = new float[] { transport.Rank + 1 };
            new MeshCommunicator(transport, new()).AllReduce(x);
            Assert.Equal(6, x[0]);
        });
    }

    [Fact]
    public void A_step_allocates_nothing_after_warm_up()
    {
        var least = new long[2];
        Ranks.RunAll(Ranks.OverMemory(2), transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = "one-shot" });
            var x = new float[2048];
            least[transport.Rank] = Ranks.LeastAllocated(() => ranks.AllReduce(x));
        });

        Assert.All(least, bytes => Assert.InRange(bytes, 0, 200));
    }

    [Fact]
    public void What_a_killed_process_left_is_taken_away_and_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("minka").FullName;
        var now = TimeProvider.System.GetUtcNow();
        // No process has the largest number there is.
        var (dead, alive, rest) = ("7fffffff", $"{Environment.ProcessId:x8}", new string('0', 24));
        string Put(string name, int minutes)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllBytes(path, []);
            File.SetLastWriteTimeUtc(path, (now - TimeSpan.FromMinutes(minutes)).UtcDateTime);
            return path;
        }
        Put($"minka-{dead}{rest}", 2);
        string[] kept =
        [
            Put($"minka-{alive}{rest}", 2), Put($"minka-{dead}{rest[1..]}1", 0), Put($"minka-{dead}", 2),
            Put($"other-{dead}{rest}", 2),
        ];

        SharedLane.Sweep(folder, now);

        Assert.Equal(kept.Order(), Directory.GetFiles(folder).Order());
        Directory.Delete(folder, recursive: true);
    }

    private static void SkipWithoutMemory()
    {
        var (one, other) = Ranks.Lanes();
        one.Dispose();
        other.Dispose();
    }

    private static async Task<(SharedLane? One, SharedLane? Other)> AgreeAsync(bool offers, bool answers)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var sockets = Ranks.Sockets(2);
        using Socket one = sockets[0][1]!, other = sockets[1][0]!;
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)one.RemoteEndPoint!).Address);
        var offer = LaneOffer.AgreeAsync(one, offers: true, offers, cancellation);
        var answer = LaneOffer.AgreeAsync(other, offers: false, answers, cancellation);
        return (await offer, await answer);
    }
}
