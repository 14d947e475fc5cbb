using System.Net.Sockets;
using System.Text;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>
/// What strangers send to a worker's port: each is closed with one line, and ranks join as if none had come.
/// </summary>
public sealed class HandshakeAttackTests : IAsyncLifetime
{
    private static readonly PresharedKey _key = PresharedKey.Create();
    private readonly Listeners _cluster = new(2, _key);
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _enough.Dispose();
    }

    [Fact]
    public async Task Connecting_and_closing_is_ignored()
    {
        for (var i = 0; i < 50; i++) Connect().Dispose();

        await AssertStillJoinsAsync();
    }

    public static TheoryData<string> Garbage() =>
    [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        new string('\u00ff', 8),
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", // A TLS hello.
        "MNKF" + new string('\u00ff', 32), // Ours, then lengths of 2^32 - 1.
        new string('\0', 4000),
    ];

    [Theory, MemberData(nameof(Garbage))]
    public async Task Garbage_is_closed_with_one_line(string latin1)
    {
        using var stranger = Connect();
        await SendAsync(stranger, Encoding.Latin1.GetBytes(latin1));

        await AssertClosedAsync(stranger);
        Assert.Single(_cluster.Log);
        await AssertStillJoinsAsync();
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(Handshake.PayloadMax + 1)]
    public async Task An_announced_length_beyond_the_limit_is_closed_at_once(int length)
    {
        var frame = HelloFrame(Hello.From(_cluster.Identities()[1], HelloRole.Connector));
        BitConverter.TryWriteBytes(frame.AsSpan(28), length);
        using var stranger = Connect();
        await SendAsync(stranger, frame[..36]);

        await AssertClosedAsync(stranger);
        Assert.Contains("at most 512 are allowed", Assert.Single(_cluster.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_or_silent_stranger_is_closed_after_the_time_limit_however_it_drips()
    {
        var time = new HandClock();
        await using var cluster = new Listeners(1, _key, time);
        var hello = HelloFrame(Hello.From(_cluster.Identities()[1], HelloRole.Connector));
        using var silent = Connect(cluster[0]);
        using var slow = Connect(cluster[0]);
        var closed = Task.WhenAll(AssertClosedAsync(silent), AssertClosedAsync(slow));
        const int drips = 20;
        var dripped = 0;
        await time.AdvanceUntilAsync(TimeSpan.Zero, () => time.Timers == 2); // Both were accepted.

        // Each byte comes well before the limit, and the last of them when it is reached: too few for a Hello.
        await time.AdvanceUntilAsync(Listeners.Handshake / drips, () =>
        {
            if (dripped == drips) return true;
            _ = SendAsync(slow, [hello[dripped++]]);
            return false;
        });

        await closed;
        Assert.True(drips < hello.Length);
        Assert.Equal(2, cluster.Log.Count);
        Assert.All(cluster.Log, line => Assert.Contains("within 120 s", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hundreds_of_idle_connections_do_not_keep_ranks_out()
    {
        var strangers = Enumerable.Range(0, 300).Select(_ => Connect()).ToList();

        await AssertStillJoinsAsync();

        strangers.ForEach(stranger => stranger.Dispose());
    }

    [Fact]
    public async Task The_oldest_unauthenticated_connections_make_room()
    {
        await using var patient = PeerListener.Start(new(System.Net.IPAddress.Loopback, 0), new()
        {
            Key = _key, HandshakeTimeout = TimeSpan.FromMinutes(10),
        });
        var strangers = Enumerable.Range(0, PeerListener.UnauthenticatedMax + 40).Select(_ =>
        {
            var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
            stranger.Connect(patient.EndPoint);
            return stranger;
        }).ToList();

        foreach (var stranger in strangers[..40]) await AssertClosedAsync(stranger);

        Assert.All(strangers[41..], stranger => Assert.False(stranger.Poll(0, SelectMode.SelectRead)));
        strangers.ForEach(stranger => stranger.Dispose());
    }

    [Fact]
    public async Task Without_the_key_nothing_that_the_key_made_is_shown()
    {
        using var stranger = Connect();
        await SendAsync(stranger, HelloFrame(Hello.From(_cluster.Identities()[1], HelloRole.Connector)));
        var hello = await ReadFrameAsync(stranger);
        await SendAsync(stranger, Frame36(FrameType.Proof, new byte[32], sequence: 1));

        var answer = await ReadFrameAsync(stranger);

        Assert.Equal((ushort)FrameType.Hello, BitConverter.ToUInt16(hello, 6));
        Assert.Equal((ushort)FrameType.Refusal, BitConverter.ToUInt16(answer, 6));
        Assert.StartsWith("the keys differ", Encoding.UTF8.GetString(answer[36..]), StringComparison.Ordinal);
        await AssertClosedAsync(stranger);
    }

    /// <summary>A recorded handshake of a real rank is sent again, byte for byte.</summary>
    [Fact]
    public async Task A_replayed_handshake_is_refused()
    {
        var recorded = await RecordConnectorAsync();
        var first = _cluster.JoinUntilAsync(_cluster.Identities()[0], Ranks.Deadline, _enough.Token);
        using var replay = Connect();

        await SendAsync(replay, recorded.Hello);
        await ReadFrameAsync(replay);
        await SendAsync(replay, recorded.Proof);

        Assert.Equal((ushort)FrameType.Refusal, BitConverter.ToUInt16(await ReadFrameAsync(replay), 6));
        await AssertClosedAsync(replay);
        Assert.Contains(_cluster.Log, line => line.Contains("the keys differ", StringComparison.Ordinal));
        await EndAsync(first);
    }

    /// <summary>
    /// The stranger has no key. It listens, and a rank connects to it; it opens a second connection to that rank's own
    /// port and hands the rank's words back and forth, to have the rank prove itself to itself.
    /// </summary>
    [Fact]
    public async Task A_rank_cannot_be_made_to_answer_itself()
    {
        using var trap = Trap();
        var victim = JoinAsync(trap, _enough.Token);
        using var fromVictim = await trap.AcceptAsync(_cancellation);
        using var toVictim = Connect(1);

        var hello = await ReadFrameAsync(fromVictim);
        await SendAsync(toVictim, hello);
        await SendAsync(fromVictim, await ReadFrameAsync(toVictim)); // The victim's acceptor says Hello to itself.
        var proof = await ReadFrameAsync(fromVictim);
        await SendAsync(toVictim, proof);
        var answer = await ReadFrameAsync(toVictim);

        // The proof is genuine, so what stops it is that the victim is nobody's rank below itself.
        Assert.Equal((ushort)FrameType.Refusal, BitConverter.ToUInt16(answer, 6));
        await EndAsync(victim);
    }

    [Fact]
    public async Task A_proof_sent_back_is_refused()
    {
        using var trap = Trap();
        var victim = JoinAsync(trap, _enough.Token);
        using var fromVictim = await trap.AcceptAsync(_cancellation);
        await ReadFrameAsync(fromVictim);
        await SendAsync(fromVictim, HelloFrame(Hello.From(_cluster.Identities()[0], HelloRole.Acceptor)));
        var proof = await ReadFrameAsync(fromVictim);

        await SendAsync(fromVictim, proof);

        await AssertClosedAsync(fromVictim);
        trap.Dispose();
        await EndAsync(victim);
    }

    [Fact]
    public async Task A_hello_sent_back_is_refused()
    {
        using var trap = Trap();
        var victim = JoinAsync(trap, _enough.Token);
        using var fromVictim = await trap.AcceptAsync(_cancellation);

        await SendAsync(fromVictim, await ReadFrameAsync(fromVictim));

        Assert.Equal((ushort)FrameType.Refusal, BitConverter.ToUInt16(await ReadFrameAsync(fromVictim), 6));
        trap.Dispose();
        await EndAsync(victim);
    }

    /// <summary>Any one changed bit of Hello or Proof, and any cut, leads to a close and never to a member.</summary>
    [Fact]
    public async Task Damaged_handshakes_never_get_in_and_never_stop_the_listener()
    {
        var random = new Random(22);
        var recorded = await RecordConnectorAsync();
        byte[] words = [.. recorded.Hello, .. recorded.Proof];
        for (var round = 0; round < 150; round++)
        {
            var damaged = words[..(round % 5 == 0 ? random.Next(words.Length) : words.Length)];
            if (damaged.Length > 0) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            using var stranger = Connect();
            await SendAsync(stranger, damaged);
            stranger.Shutdown(SocketShutdown.Send);
            await AssertClosedAsync(stranger);
        }
        Assert.InRange(_cluster.Log.Count, 150, 152);
        await AssertStillJoinsAsync();
    }

    private async Task<(byte[] Hello, byte[] Proof)> RecordConnectorAsync()
    {
        using var enough = new CancellationTokenSource();
        using var recorder = Trap();
        var rank = JoinAsync(recorder, enough.Token);
        using var fromRank = await recorder.AcceptAsync(_cancellation);
        using var toRank = Connect(); // Hand the words on, as someone in the middle who listens.
        var hello = await ReadFrameAsync(fromRank);
        await SendAsync(toRank, hello);
        await SendAsync(fromRank, await ReadFrameAsync(toRank));
        var proof = await ReadFrameAsync(fromRank);
        fromRank.Dispose();
        recorder.Dispose();
        toRank.Dispose();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rank);
        return (hello, proof);
    }

    /// <summary>A stranger that listens where a rank is thought to be.</summary>
    private static Socket Trap()
    {
        var trap = new Socket(SocketType.Stream, ProtocolType.Tcp);
        trap.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        trap.Listen(8);
        return trap;
    }

    /// <summary>Rank 1 seeks rank 0 at a stranger's address, until it is told that it is enough.</summary>
    private Task<TcpTransport> JoinAsync(Socket trap, CancellationToken enough) => TcpMesh.JoinAsync(
        _cluster[1], _cluster.Identities()[1], [trap.LocalEndPoint!, trap.LocalEndPoint!], new(), Ranks.Deadline,
        enough);

    /// <summary>Ends the try to join, which must not have come to anything.</summary>
    private async Task EndAsync(Task<TcpTransport> joining)
    {
        await _enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
    }

    private async Task AssertStillJoinsAsync() => Ranks.RunAll(
        await _cluster.JoinAsync(_cluster.Identities()), transport => new MeshCommunicator(transport, new()).Barrier());

    private Socket Connect(int rank = 0) => Connect(_cluster[rank]);

    private static Socket Connect(PeerListener listener)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(listener.EndPoint);
        return socket;
    }

    private async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes, SocketFlags.None, _cancellation);
        }
        catch (SocketException)
        {
            // Closed already, which is what strangers get.
        }
    }

    private static async Task AssertClosedAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Ranks.Deadline, TimeProvider.System);
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: closed with our bytes unread.
        }
    }

    private async Task<byte[]> ReadFrameAsync(Socket socket)
    {
        var header = new byte[36];
        await ReadAsync(socket, header);
        var payload = new byte[BitConverter.ToInt32(header, 28)];
        await ReadAsync(socket, payload);
        return [.. header, .. payload];
    }

    private async Task ReadAsync(Socket socket, Memory<byte> into)
    {
        while (into.Length > 0)
        {
            var count = await socket.ReceiveAsync(into, SocketFlags.None, _cancellation);
            Assert.NotEqual(0, count);
            into = into[count..];
        }
    }

    private static byte[] HelloFrame(Hello hello) => Frame36(FrameType.Hello, hello.ToBytes(), sequence: 0);

    private static byte[] Frame36(FrameType type, byte[] payload, ulong sequence)
    {
        byte[] frame = [.. new byte[36], .. payload];
        Frame.Write(frame, type, sequence, 1);
        return frame;
    }
}
