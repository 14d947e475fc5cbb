using System.Net;
using Minka.Collectives.Joining;

namespace Minka.Collectives.Tests;

public sealed class JoiningTests
{
    /// <summary>Of a clock that a test moves.</summary>
    private static readonly TimeSpan _within = TimeSpan.FromHours(1);

    private static readonly PresharedKey _key = PresharedKey.Create();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public async Task Ranks_find_each_other_and_sum(int size)
    {
        await using var cluster = new Listeners(size, _key);

        var transports = await cluster.JoinAsync(cluster.Identities());

        Ranks.RunAll(transports, transport =>
        {
            var x = new float[] { transport.Rank + 1 };
            new MeshCommunicator(transport, new()).AllReduce(x);
            Assert.Equal(size * (size + 1) / 2, x[0]);
        });
    }

    /// <summary>A watched socket wakes a thread of the runtime at each message, beside the rank that waits for
    /// it.</summary>
    [Fact]
    public async Task The_runtime_does_not_watch_the_sockets_of_ranks()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("What is watched is read from Linux' /proc.");
        await using var cluster = new Listeners(3, _key);
        var transports = await cluster.JoinAsync(cluster.Identities());
        var watched = Watched();

        var ends = Descriptors([.. cluster.EndPoints.Select(end => ((IPEndPoint)end).Port)]);

        Assert.NotEmpty(watched); // The listeners: so it can be seen.
        Assert.Equal(6, ends.Count);
        Assert.Empty(ends.Intersect(watched));
        foreach (var transport in transports) transport.Dispose();
    }

    [Fact]
    public async Task A_rank_is_found_by_name()
    {
        await using var cluster = new Listeners(2, _key);
        var identities = cluster.Identities();
        var first = cluster.JoinOneAsync(identities[0]);
        EndPoint named = new DnsEndPoint("localhost", cluster[0].EndPoint.Port);

        var second = TcpMesh.JoinAsync(
            cluster[1], identities[1], [named, named], new(), Ranks.Deadline, CancellationToken.None);

        Ranks.RunAll([await first, await second], transport => new MeshCommunicator(transport, new()).Barrier());
    }

    [Fact]
    public async Task A_listener_serves_one_cluster_after_another()
    {
        await using var cluster = new Listeners(3, _key);
        for (var epoch = 1; epoch <= 3; epoch++)
            Ranks.RunAll(await cluster.JoinAsync(cluster.Identities(epoch)), transport =>
                new MeshCommunicator(transport, new()).Barrier());
    }

    [Fact]
    public async Task Ranks_may_come_in_any_order()
    {
        await using var cluster = new Listeners(3, _key);
        var identities = cluster.Identities();
        var late = cluster.JoinOneAsync(identities[2]);
        var first = cluster.JoinOneAsync(identities[0]);
        var second = cluster.JoinOneAsync(identities[1]);

        Ranks.RunAll([await first, await second, await late], transport =>
            new MeshCommunicator(transport, new()).Barrier());
    }

    [Theory]
    [InlineData("model", "the models differ: 1111")]
    [InlineData("plan", "the plans differ: 2222")]
    [InlineData("epoch", "the epochs differ: 1 here, 9 there")]
    [InlineData("size", "the sizes differ: 2 ranks here, 3 there")]
    public async Task A_rank_of_another_cluster_is_refused_with_both_values(string what, string sentence)
    {
        var time = new HandClock();
        await using var cluster = new Listeners(2, _key, time);
        var identities = cluster.Identities();
        var other = what switch
        {
            "model" => identities[1] with { ModelHash = new('9', 64) },
            "plan" => identities[1] with { PlanHash = new('9', 64) },
            "epoch" => identities[1] with { Epoch = 9 },
            _ => identities[1] with { Size = 3 },
        };
        var first = cluster.JoinOneAsync(identities[0], _within);
        var second = TcpMesh.JoinAsync(cluster[1], other,
            [.. Enumerable.Repeat(cluster[0].EndPoint, other.Size)], new(), _within, CancellationToken.None);
        await AreRefusedTwiceAsync(time, cluster, sentence);

        time.Advance(_within);
        var refused = await Assert.ThrowsAsync<PeerLostException>(() => second);
        await Assert.ThrowsAsync<PeerLostException>(() => first);

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rank_with_another_key_is_refused()
    {
        const string sentence = "the keys differ";
        var time = new HandClock();
        await using var cluster = new Listeners(2, _key, time);
        await using var stranger =
            PeerListener.Start(new(IPAddress.Loopback, 0), new() { Key = PresharedKey.Create(), Time = time });
        var identities = cluster.Identities();
        var first = cluster.JoinOneAsync(identities[0], _within);
        var second = TcpMesh.JoinAsync(
            stranger, identities[1], cluster.EndPoints, new(), _within, CancellationToken.None);
        await AreRefusedTwiceAsync(time, cluster, sentence);

        time.Advance(_within);
        var refused = await Assert.ThrowsAsync<PeerLostException>(() => second);

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<PeerLostException>(() => first);
    }

    [Fact]
    public async Task A_rank_that_does_not_come_is_named()
    {
        var time = new HandClock();
        await using var cluster = new Listeners(2, _key, time);
        var joining = cluster.JoinOneAsync(cluster.Identities()[0], _within);

        time.Advance(_within);
        var lost = await Assert.ThrowsAsync<PeerLostException>(() => joining);

        Assert.Equal(1, lost.Rank);
        Assert.Contains("it did not connect to rank 0 in time", lost.Message, StringComparison.Ordinal);
    }

    /// <summary>Who comes for the second time has read why it was sent away the first time.</summary>
    private static Task AreRefusedTwiceAsync(HandClock time, Listeners cluster, string sentence) =>
        time.AdvanceUntilAsync(TimeSpan.FromMilliseconds(5),
            () => cluster.Log.Count(line => line.Contains(sentence, StringComparison.Ordinal)) >= 2);

    [Fact]
    public async Task Off_loopback_a_key_is_required()
    {
        var refused = Assert.Throws<InvalidOperationException>(() =>
            PeerListener.Start(new(IPAddress.Any, 0), new()));
        Assert.Contains("needs a key", refused.Message, StringComparison.Ordinal);

        await using var open = PeerListener.Start(new(IPAddress.Any, 0), new() { Key = _key });
        Assert.NotEqual(0, open.EndPoint.Port);
    }

    [Fact]
    public void A_key_survives_text_and_is_never_shown_by_accident()
    {
        var text = _key.Reveal();

        Assert.Equal(text, PresharedKey.Parse($" {text}\n").Reveal());
        Assert.DoesNotContain(text[10..], _key.ToString(), StringComparison.Ordinal);
        foreach (var wrong in new[] { "", text[..^1], text + "0", text[..^1] + "g", text.Replace('-', '_') })
        {
            var refused = Assert.Throws<FormatException>(() => PresharedKey.Parse(wrong));
            Assert.Contains("minka key new", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(text[12..40], refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Descriptors of this process that the runtime's epolls are told of.</summary>
    private static HashSet<int> Watched() => [.. Directory.EnumerateFiles("/proc/self/fdinfo")
        .SelectMany(one => OrNull(() => File.ReadAllLines(one)) ?? [])
        .Where(line => line.StartsWith("tfd:", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]))];

    /// <summary>Descriptors of this process that are ends of connections to these ports of 127.0.0.1.</summary>
    private static List<int> Descriptors(int[] ports)
    {
        const string Established = "01";
        var ends = ports.Select(port => $"0100007F:{port:X4}").ToList();
        bool IsTheirs(string end) => ends.Exists(one => end.EndsWith(one, StringComparison.Ordinal));
        var sockets = new[] { "/proc/self/net/tcp", "/proc/self/net/tcp6" }
            .Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row[3] == Established && (IsTheirs(row[1]) || IsTheirs(row[2])))
            .Select(row => $"socket:[{row[9]}]").ToHashSet();
        return [.. Directory.EnumerateFiles("/proc/self/fd")
            .Where(one => OrNull(() => File.ResolveLinkTarget(one, false)) is { } end && sockets.Contains(end.Name))
            .Select(one => int.Parse(Path.GetFileName(one)))];
    }

    /// <summary>Null for what another test has closed meanwhile.</summary>
    private static T? OrNull<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
