using Minka.Cluster.Protocol;
using Minka.Collectives;
using Minka.Collectives.Simulation;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Models;
using Minka.Models.Tests.Architectures;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>Clusters in virtual time that lose ranks and links and come back: what ran goes on.</summary>
public sealed class RecoveryTests : IDisposable
{
    private const int Requests = 6, TokensMax = 12;
    private static readonly TimeSpan _ms = TimeSpan.FromMilliseconds(1);

    /// <summary>Longer than the two faults of a run last, and their deadlines.</summary>
    private static readonly TimeSpan _within = TimeSpan.FromSeconds(20);

    private readonly RandomModel _file = SimulatedRanks.File();
    private readonly List<string> _told = [];
    private readonly List<ClusterModel> _clusters = [];
    private StatusReply _whole = new();
    private List<StatusReply> _parts = [];
    private int _recoveries;

    public void Dispose() => _file.Dispose();

    /// <summary>Processes that end and are started again, links that break, partitions that heal; two of them
    /// each.</summary>
    [Fact]
    public void Whatever_is_lost_and_comes_back_every_text_is_whole_and_no_token_comes_twice()
    {
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(_file, backend, SimulatedRanks.Options);
        var expected = Answers(new LocalExecutor(model), TimeProvider.System, out _, out _);
        var (lostSteps, recoveries) = (0L, 0);

        for (var seed = 0; seed < 24; seed++)
        {
            var network = Network(seed);
            var random = new Random(seed);
            // Some of it while the cluster is being joined again, or after the last token.
            var at = random.Next(1, 60) * _ms;
            for (var fault = 0; fault < 2; fault++, at += random.Next(1, 3000) * _ms)
            {
                var rank = random.Next(SimulatedRanks.Count);
                switch ((seed + fault) % 3)
                {
                    case 0:
                        network.KillAt(at, rank);
                        network.ReviveAt(at + (random.Next(1, 5000) * _ms), rank);
                        break;
                    case 1:
                        var next = (rank + 1) % SimulatedRanks.Count;
                        network.CutAt(at, rank, random.Next(2) == 0 ? SimulatedRanks.Count : next);
                        break;
                    default:
                        network.PartitionAt(at, rank);
                        network.HealAt(at + (random.Next(1, 5000) * _ms));
                        break;
                }
            }

            var texts = Run(network, out var failure, out var lost);

            Assert.True(failure is null, $"seed {seed}: {failure}");
            Assert.True(expected.Zip(texts).All(pair => pair.First.SequenceEqual(pair.Second)), $"seed {seed}");
            lostSteps += lost;
            recoveries += _recoveries;
            AssertTotals($"seed {seed}");
        }
        Assert.True(lostSteps >= 12, $"{lostSteps} faults were noticed.");
        Assert.True(recoveries >= 12, $"{recoveries} clusters replaced another.");
    }

    [Fact]
    public void A_rank_that_stays_away_ends_everything_with_one_sentence_within_the_deadline()
    {
        var network = Network(1);
        network.KillAt(20 * _ms, 2);

        Run(network, out var failure, out _);

        var lost = Assert.IsType<ClusterException>(failure).Message;
        Assert.StartsWith("Rank 2 is lost: ", lost, StringComparison.Ordinal);
        Assert.Contains("The cluster did not come back within 20 s", lost, StringComparison.Ordinal);
        Assert.InRange(network.Elapsed, _within, _within + TimeSpan.FromSeconds(5));
        Assert.Single(
            _told, $"{lost.Split(" The cluster")[0]} What runs waits up to 20 s for the cluster to come back.");
    }

    [Fact]
    public void Whoever_asks_again_after_the_cluster_stayed_away_waits_for_it_again()
    {
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(_file, backend, SimulatedRanks.Options);
        var expected = Answers(new LocalExecutor(model), TimeProvider.System, out _, out _);
        var network = Network(1);
        network.KillAt(20 * _ms, 2);
        network.ReviveAt(_within + TimeSpan.FromSeconds(9), 2);

        var texts = Run(network, out var failure, out _, askings: 2);

        Assert.Null(failure);
        Assert.True(expected.Zip(texts).All(pair => pair.First.SequenceEqual(pair.Second)));
        Assert.Equal(2, _told.Count(said => said.EndsWith("for the cluster to come back.", StringComparison.Ordinal)));
    }

    /// <summary>What the root says of the whole run is what its clusters measured, one by one.</summary>
    private void AssertTotals(string when)
    {
        long Sent(StatusReply one) => one.Operations.Where(operation => operation.Operation == "send")
            .Sum(operation => operation.Count);
        Assert.True(_recoveries == _clusters.Count - 1, when);
        Assert.Equal(_parts.Sum(one => one.Steps), _whole.Steps);
        Assert.Equal(_parts.Sum(one => one.Tokens), _whole.Tokens);
        Assert.Equal(_parts.Sum(one => one.BusySeconds), _whole.BusySeconds, precision: 6);
        Assert.Equal(_parts.Sum(one => one.StepSeconds), _whole.StepSeconds, precision: 6);
        Assert.Equal(_parts.Sum(Sent), Sent(_whole));
        Assert.InRange(_whole.Step.P99, _parts.Min(one => one.Step.P99), _parts.Max(one => one.Step.P99));
    }

    private static SimulatedNetwork Network(int seed) =>
        new(SimulatedRanks.Count + 1, new() { Seed = seed, Latency = _ms, Deadline = TimeSpan.FromSeconds(3) });

    /// <summary>Two stages of two ranks; each process serves until it is told to end, or nobody comes back.</summary>
    private List<int[]> Run(SimulatedNetwork network, out Exception? failure, out long lostSteps, int askings = 1)
    {
        var replica = SimulatedRanks.Replica(_file);
        var texts = new List<int[]>();
        var (failed, lost) = (default(Exception), 0L);
        network.Run(transport =>
        {
            if (transport.Rank == SimulatedRanks.Count) texts = Root(transport, replica, askings, out failed, out lost);
            else Serve(transport, replica, askings);
        });
        (failure, lostSteps) = (failed, lost);
        return texts;
    }

    private List<int[]> Root(
        SimulatedTransport transport, ReplicaPlan replica, int askings, out Exception? failure, out long lostSteps)
    {
        var shape = SimulatedRanks.ShapeOf(_file, stepsInFlight: 2);
        _clusters.Clear();
        ClusterModel Start()
        {
            _clusters.Add(new(
                new(transport, replica, shape), _file.Config, new ModelMemory(0, 0, 0, 0, 0), transport));
            return _clusters[^1];
        }
        using var executor = new RecoveringExecutor(Start(), new(
            cancellation => Task.Run(
                () =>
                {
                    transport.Join(_within);
                    return Start();
                },
                cancellation), _within)
        {
            Between = TimeSpan.Zero, Time = transport.Time, Tell = _told.Add,
        });
        while (--askings > 0) Answers(executor, transport.Time, out _, out _);
        var texts = Answers(executor, transport.Time, out failure, out lostSteps);
        (_whole, _recoveries) = (executor.Totals().Status(0), executor.Recoveries);
        _parts = [.. _clusters.Select(cluster => cluster.Executor.Meter.Status())];
        return texts;
    }

    private void Serve(SimulatedTransport transport, ReplicaPlan replica, int patience)
    {
        while (true)
        {
            try
            {
                SimulatedRanks.Serve(transport, replica, _file);
                return;
            }
            catch (PeerLostException)
            {
                // Whoever started the process starts it again.
            }
            try
            {
                transport.Join((_within * patience) + TimeSpan.FromSeconds(1));
            }
            catch (PeerLostException)
            {
                return;
            }
        }
    }

    /// <summary>Blocks its thread, as a rank of the simulation must. Each answer is every token that its reader
    /// saw.</summary>
    private static List<int[]> Answers(
        IExecutor executor, TimeProvider time, out Exception? failure, out long lostSteps)
    {
        var engine = new LlmEngine(
            executor, new() { Scheduling = SimulatedRanks.Scheduling, LostStepsMax = 10 }, time);
        var answers = Enumerable.Range(0, Requests).Select(i => engine.Submit(new GenerationRequest
        {
            Prompt = SimulatedRanks.Prompt(i, 10 + (7 * i)),
            TokensMax = TokensMax, Sampling = new() { Temperature = i % 2, TopK = 20, Seed = (ulong)i },
        })).ToList();
        engine.Stop();
        failure = null;
        try
        {
            engine.RunAsync().GetAwaiter().GetResult();
        }
        catch (ClusterException lost)
        {
            failure = lost;
        }
        lostSteps = engine.Counters.LostSteps;
        var isFailed = failure is not null;
        return [.. answers.Select(answer => IdsAsync(answer, isFailed).GetAwaiter().GetResult())];
    }

    private static async Task<int[]> IdsAsync(Generation answer, bool isFailed)
    {
        var ids = new List<int>();
        try
        {
            await foreach (var token in answer)
                if (token.IsText) ids.Add(token.Id);
        }
        catch (ClusterException) when (isFailed)
        {
            // What the engine failed with is what the reader of the request sees.
        }
        return [.. ids];
    }
}
