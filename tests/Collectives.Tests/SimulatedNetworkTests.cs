using System.Diagnostics;
using Minka.Collectives.Algorithms;
using Minka.Collectives.Simulation;

namespace Minka.Collectives.Tests;

/// <summary>Whole groups in virtual time: what they cost, and what they do when the network fails.</summary>
public sealed class SimulatedNetworkTests
{
    private static readonly TimeSpan _ms = TimeSpan.FromMilliseconds(1);

    /// <summary>planner.md 5.3 for a q8 hidden state of 4,096 values at 100 us.</summary>
    [Theory]
    [InlineData("one-shot", 2, 137)]
    [InlineData("one-shot", 8, 359)]
    [InlineData("two-shot", 4, 255)]
    [InlineData("two-shot", 8, 265)]
    [InlineData("ring", 8, 1465)]
    [InlineData("recursive-doubling", 8, 411)]
    [InlineData("star", 8, 718)]
    public void A_sum_takes_the_time_that_its_formula_says(string algorithm, int size, double microseconds)
    {
        var network = Network(size, jitter: false);

        AssertAllWell(network.Run(transport => new MeshCommunicator(
            transport, new() { Algorithm = algorithm, Wire = "q8" }).AllReduce(new float[4096])));

        // The star's root receives over a link that the simulation does not share between senders: half of its bytes.
        var due = algorithm == "star" ? microseconds - (6 * 37) : microseconds;
        Assert.InRange(network.Elapsed.TotalMicroseconds, due * 0.97, due * 1.03);
    }

    [Fact]
    public void Equal_seeds_give_equal_runs_and_other_seeds_other_ones()
    {
        static TimeSpan Run(int seed)
        {
            var network = new SimulatedNetwork(5, new() { Seed = seed });
            AssertAllWell(network.Run(transport =>
            {
                var ranks = new MeshCommunicator(transport, new() { Algorithm = "ring" });
                for (var step = 0; step < 20; step++) ranks.AllReduce(new float[3000]);
            }));
            return network.Elapsed;
        }

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
    }

    [Fact]
    public void A_slow_rank_is_waited_for_and_the_waiting_is_measured()
    {
        var network = Network(3, jitter: false);
        var waits = new double[3];

        AssertAllWell(network.Run(transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Algorithm = "one-shot" });
            for (var step = 0; step < 10; step++)
            {
                transport.Compute(transport.Rank == 1 ? 30 * _ms : 10 * _ms);
                ranks.AllReduce(new float[1000]);
            }
            waits[transport.Rank] = ranks.Metrics[Metrics.CollectiveOperation.AllReduce].Wait.Quantile(0.5) / 1e6;
        }));

        Assert.InRange(network.Elapsed.TotalMilliseconds, 300, 310);
        Assert.InRange(waits[0], 19, 22);
        Assert.InRange(waits[1], 0, 1);
    }

    [Fact]
    public void An_hour_of_silence_costs_no_hour()
    {
        var watch = Stopwatch.StartNew();
        var hour = TimeSpan.FromHours(1);
        var network = new SimulatedNetwork(4, new()
        {
            Seed = 3, Jitter = TimeSpan.FromMicroseconds(50), Deadline = hour,
        });
        network.PartitionAt(7 * _ms, 3);

        var thrown = network.Run(Steps("two-shot"));

        Assert.All(thrown, any => Assert.IsType<PeerLostException>(any));
        Assert.InRange(network.Elapsed, hour, hour * 1.02);
        Assert.True(watch.Elapsed < hour / 30, $"it took {watch.Elapsed}");
    }

    [Fact]
    public void A_killed_rank_is_named_by_all_others_at_once()
    {
        foreach (var algorithm in AllReduces.All)
        {
            var network = Network(6);
            network.KillAt(9 * _ms, 4);

            var thrown = network.Run(Steps(algorithm.Name));

            Assert.All(thrown, any => Assert.Equal(4, Assert.IsType<PeerLostException>(any).Rank));
            Assert.InRange(network.Elapsed.TotalMilliseconds, 9, 20);
        }
    }

    [Fact]
    public void A_cut_link_ends_the_group_and_one_of_its_ends_is_named()
    {
        foreach (var algorithm in AllReduces.All)
        {
            var network = Network(4);
            network.CutAt(5 * _ms, 0, 1); // A link that every algorithm uses.

            var thrown = network.Run(Steps(algorithm.Name));

            Assert.All(thrown, any => Assert.InRange(Assert.IsType<PeerLostException>(any).Rank, 0, 1));
            Assert.InRange(network.Elapsed.TotalMilliseconds, 5, 20);
        }
    }

    [Fact]
    public void A_partition_that_heals_before_a_message_was_lost_is_not_noticed()
    {
        var network = Network(2, jitter: false);
        network.PartitionAt(2 * _ms, 0);
        network.HealAt(8 * _ms);

        AssertAllWell(network.Run(transport =>
        {
            transport.Compute(10 * _ms);
            new MeshCommunicator(transport, new()).Barrier();
        }));
    }

    /// <summary>
    /// Any fault at any time: nobody hangs, nobody holds a wrong sum, and the run ends within the deadline.
    /// </summary>
    [Fact]
    public void Random_faults_end_in_right_sums_or_lost_peers_in_bounded_time()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            var size = random.Next(2, 8);
            var latency = random.Next(50, 500) * _ms / 1000;
            var network = new SimulatedNetwork(size, new() { Seed = seed, Latency = latency });
            var at = random.Next(1, 40) * _ms;
            var rank = random.Next(size);
            if (seed % 3 == 0) network.KillAt(at, rank);
            else if (seed % 3 == 1) network.CutAt(at, rank, (rank + 1) % size);
            else network.PartitionAt(at, rank);
            var algorithm = AllReduces.All[random.Next(AllReduces.All.Count)].Name;

            var thrown = network.Run(Steps(algorithm, steps: 20));

            Assert.All(thrown, any => Assert.True(any is null or PeerLostException, $"seed {seed}: {any}"));
            Assert.InRange(network.Elapsed.TotalSeconds, 0, 5.5);
        }
    }

    [Fact]
    public void Ranks_that_wait_for_each_other_for_ever_are_found() => Assert.Contains(
        Network(2).Run(transport => transport.Receive(1 - transport.Rank, Timeout.InfiniteTimeSpan)),
        any => any is InvalidOperationException);

    private static Action<SimulatedTransport> Steps(string algorithm, int steps = 200) => transport =>
    {
        var ranks = new MeshCommunicator(transport, new() { Algorithm = algorithm });
        var size = transport.Size;
        var x = new float[777];
        for (var step = 0; step < steps; step++)
        {
            transport.Compute(_ms);
            x.AsSpan().Fill(transport.Rank + step);
            ranks.AllReduce(x);
            Assert.All(x, sum => Assert.Equal((size * (size - 1) / 2) + (step * size), sum));
        }
    };

    private static SimulatedNetwork Network(int size, bool jitter = true) => new(size, new()
    {
        Seed = 3, Jitter = jitter ? TimeSpan.FromMicroseconds(50) : TimeSpan.Zero,
    });

    private static void AssertAllWell(IReadOnlyList<Exception?> thrown) => Assert.All(thrown, Assert.Null);
}
