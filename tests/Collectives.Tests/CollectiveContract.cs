using System.Runtime.InteropServices;
using Minka.Collectives.Algorithms;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>What every algorithm, format and transport must do: right sums, and the same bits on every rank.</summary>
public sealed class CollectiveContract
{
    private static readonly string[] _wires = ["f32", "f16", "q8"];

    public static TheoryData<string, int> AlgorithmsAndSizes()
    {
        var data = new TheoryData<string, int>();
        foreach (var algorithm in AllReduces.All)
            for (var size = 1; size <= 9; size++) data.Add(algorithm.Name, size);
        return data;
    }

    [Theory, MemberData(nameof(AlgorithmsAndSizes))]
    public void Sums_are_right_and_the_same_bits_everywhere_in_memory(string algorithm, int size)
    {
        foreach (var wire in _wires) CheckLengths(Ranks.InMemory(size), algorithm, wire);
    }

    [Theory, MemberData(nameof(AlgorithmsAndSizes))]
    public void Sums_are_right_and_the_same_bits_everywhere_over_tcp(string algorithm, int size)
    {
        foreach (var wire in _wires) CheckLengths(Ranks.OverTcp(size), algorithm, wire);
    }

    [Theory]
    [InlineData("one-shot", 2)]
    [InlineData("two-shot", 5)]
    [InlineData("recursive-doubling", 3)]
    [InlineData("ring", 4)]
    [InlineData("star", 5)]
    public void Sums_are_right_and_the_same_bits_everywhere_through_shared_memory(string algorithm, int size)
    {
        foreach (var wire in _wires) CheckLengths(Ranks.OverMemory(size), algorithm, wire);
    }

    [Theory]
    [InlineData("one-shot")]
    [InlineData("two-shot")]
    [InlineData("star")]
    public void Exact_sums_are_in_rank_order_whatever_the_algorithm(string algorithm)
    {
        // 1e8 swallows 1 in single precision: ((1e8 + 1) - 1e8) + 1 is 1, any other order gives 0 or 2.
        float[] values = [1e8f, 1, -1e8f, 1];
        Ranks.RunAll(Ranks.InMemory(4), transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = algorithm });
            Span<float> x = [values[transport.Rank]];

            ranks.AllReduce(x);

            Assert.Equal(1, x[0]);
        });
    }

    [Fact]
    public void Infinity_and_nan_reach_every_rank()
    {
        foreach (var algorithm in AllReduces.All)
            Ranks.RunAll(Ranks.InMemory(3), transport =>
            {
                var x = new float[100];
                if (transport.Rank == 1) x[70] = float.NaN;

                new MeshCommunicator(transport, new() { Algorithm = algorithm.Name, Wire = "q8" }).AllReduce(x);

                Assert.True(float.IsNaN(x[70]));
                Assert.Equal(0, x[5]);
            });
    }

    [Fact]
    public void Messages_longer_than_a_frame_go_in_parts() => Ranks.RunAll(
        Ranks.OverTcp(3, new() { Deadline = Ranks.Deadline, MessageBytesMax = 4096 }), transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = "two-shot" });
            var x = Enumerable.Range(0, 10_001).Select(i => (float)(i * (transport.Rank + 1))).ToArray();

            ranks.AllReduce(x);

            Assert.Equal(Enumerable.Range(0, 10_001).Select(i => i * 6f), x);
        });

    [Fact]
    public void Groups_share_a_transport_and_send_between_each_other() => Ranks.RunAll(Ranks.InMemory(6), transport =>
    {
        var stage = transport.Rank / 3;
        var world = new MeshCommunicator(transport, new() { Boundary = "f16" });
        var group = new MeshCommunicator(transport, new() { Algorithm = "ring" }, [stage * 3, (stage * 3) + 1,
            (stage * 3) + 2]);
        var x = new float[64];
        x.AsSpan().Fill(transport.Rank);

        group.AllReduce(x);
        if (stage == 0) world.Send(transport.Rank + 3, x);
        else world.Receive(transport.Rank - 3, x);

        Assert.All(x, value => Assert.Equal(0 + 1 + 2, value));
        Assert.Equal(3, group.Size);
        Assert.Equal(transport.Rank % 3, group.Rank);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void Gather_broadcast_messages_and_barrier(int size) => Ranks.RunAll(Ranks.OverTcp(size), transport =>
    {
        ICommunicator ranks = size == 1 ? new SoloCommunicator() : new MeshCommunicator(transport, new());
        var counts = Enumerable.Range(0, size).Select(rank => (rank * 7) % 5).ToArray();
        var all = new float[counts.Sum()];
        var mine = Enumerable.Repeat((float)ranks.Rank, counts[ranks.Rank]).ToArray();
        var bytes = new byte[3_000_000];
        if (ranks.Rank == size / 2) bytes.AsSpan().Fill(42);

        ranks.AllGather(mine, all, counts);
        ranks.Broadcast(bytes, size / 2);
        ranks.Barrier();
        for (var peer = 0; peer < size; peer++)
            if (peer != ranks.Rank) ranks.SendMessage(peer, [(byte)ranks.Rank, (byte)peer]);

        Assert.Equal(Enumerable.Range(0, size).SelectMany(rank => Enumerable.Repeat((float)rank, counts[rank])), all);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)42));
        for (var peer = 0; peer < size; peer++)
            if (peer != ranks.Rank)
                Assert.Equal([(byte)peer, (byte)ranks.Rank], ranks.ReceiveMessage(peer, Ranks.Deadline).ToArray());
    });

    [Fact]
    public void No_rank_leaves_a_barrier_before_all_have_come()
    {
        var here = 0;
        Ranks.RunAll(Ranks.InMemory(7), transport =>
        {
            var ranks = new MeshCommunicator(transport, new());
            for (var round = 1; round <= 50; round++)
            {
                Interlocked.Increment(ref here);
                ranks.Barrier();
                Assert.True(Volatile.Read(ref here) >= 7 * round);
                ranks.Barrier();
            }
        });
    }

    [Fact]
    public void Ranks_that_do_not_run_the_same_step_are_told_so()
    {
        var thrown = Ranks.Run(Ranks.InMemory(2), transport =>
            new MeshCommunicator(transport, new() { Algorithm = "one-shot" }).AllReduce(new float[3 + transport.Rank]));

        Assert.Contains(thrown, any => any is PeerLostException lost
            && lost.Message.Contains("bytes where", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing", "f32", "There is no collective 'nothing'; there are auto, one-shot, two-shot")]
    [InlineData("ring", "f64", "There is no wire format 'f64'; there are f32, f16, q8.")]
    public void Unknown_names_are_refused(string algorithm, string wire, string sentence)
    {
        var transport = Ranks.InMemory(1)[0];

        var refused = Assert.Throws<ArgumentException>(() =>
            new MeshCommunicator(transport, new() { Algorithm = algorithm, Wire = wire }));

        Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Lengths around block and part borders, several in a row over the same links.</summary>
    private static void CheckLengths(IReadOnlyList<ITransport> transports, string algorithm, string wire)
    {
        var size = transports.Count;
        int[] lengths = [0, 1, size - 1, size, size + 1, 31, 32, 33, (32 * size) - 1, 257, 4097];
        var results = lengths.Select(_ => new float[size][]).ToArray();
        Ranks.RunAll(transports, transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = algorithm, Wire = wire });
            for (var i = 0; i < lengths.Length; i++)
            {
                var x = Values(lengths[i], transport.Rank);
                ranks.AllReduce(x);
                results[i][transport.Rank] = x;
            }
        });
        for (var i = 0; i < lengths.Length; i++) CheckSums(results[i], algorithm, wire);
    }

    private static void CheckSums(float[][] results, string algorithm, string wire)
    {
        foreach (var result in results)
            Assert.True(MemoryMarshal.AsBytes(result.AsSpan()).SequenceEqual(
                MemoryMarshal.AsBytes(results[0].AsSpan())), $"{algorithm} {wire}: other bits on another rank");

        var size = results.Length;
        for (var i = 0; i < results[0].Length; i++)
        {
            var sum = 0.0;
            var magnitude = 0.0;
            for (var rank = 0; rank < size; rank++)
            {
                sum += Value(i, rank);
                magnitude += 8; // No value is larger.
            }
            var rounds = algorithm is "ring" or "recursive-doubling" ? size : 2;
            var step = size == 1 ? 0 : wire switch { "f32" => 1e-6, "f16" => 1 / 2048.0, _ => 1 / 254.0 };
            Assert.True(Math.Abs(results[0][i] - sum) <= rounds * magnitude * step,
                $"{algorithm} {wire} x{size}: value {i} is {results[0][i]}, the sum is {sum}");
        }
    }

    /// <summary>
    /// Numbers of both signs up to 8, different on every rank, each known without the ones before it.
    /// </summary>
    private static float[] Values(int length, int rank)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = Value(i, rank);
        return values;
    }

    private static float Value(int index, int rank) =>
        ((((index * 7919L) + (rank * 104729L)) % 16001) - 8000) / 1000f;
}
