using Minka.Cluster.Metrics;
using Minka.Collectives;
using Minka.Collectives.Simulation;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests;

/// <summary>Whole clusters with their engine in virtual time: delay, loss of a rank, cut links, partitions.</summary>
public sealed class SimulatedClusterTests
{
    private static readonly TimeSpan _ms = TimeSpan.FromMilliseconds(1);

    /// <summary>Six requests.</summary>
    /// <param name="StepsInFlight">Steps on their way at once.</param>
    /// <param name="PromptMin">Tokens of the shortest prompt.</param>
    /// <param name="Longer">Tokens by which each prompt is longer than the one before.</param>
    private sealed record Load(int StepsInFlight, int PromptMin, int Longer)
    {
        /// <summary>What a stage takes for each token.</summary>
        public TimeSpan PerToken { get; init; }

        /// <summary>Sees the root's measurements.</summary>
        public Action<RankMeter> Look { get; init; } = _ => { };
    }

    [Fact]
    public void Delays_change_when_tokens_come_and_not_which()
    {
        using var file = SimulatedRanks.File();
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(file, backend, SimulatedRanks.Options);
        var expected = Answers(
            new LocalExecutor(model), TimeProvider.System, new(StepsInFlight: 1, PromptMin: 10, Longer: 7), out _);

        for (var seed = 0; seed < 4; seed++)
        {
            var network = new SimulatedNetwork(SimulatedRanks.Count + 1, new()
            {
                Seed = seed, Latency = _ms * (1 + seed), Jitter = 5 * _ms,
            });
            var texts = Run(network, file, out var thrown, out var failure);

            Assert.All(thrown, Assert.Null);
            Assert.Null(failure);
            Assert.Equal(expected, texts);
        }
    }

    /// <summary>Any fault at any time: every request ends, either well or with the rank that is lost.</summary>
    [Fact]
    public void A_fault_fails_all_requests_with_the_lost_peer_within_the_deadline()
    {
        using var file = SimulatedRanks.File();
        for (var seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            var network = new SimulatedNetwork(SimulatedRanks.Count + 1, new()
            {
                Seed = seed, Latency = _ms, Deadline = TimeSpan.FromSeconds(3),
            });
            var at = random.Next(1, 60) * _ms;
            var rank = random.Next(SimulatedRanks.Count);
            if (seed % 3 == 0) network.KillAt(at, rank);
            else if (seed % 3 == 1) network.CutAt(at, rank, SimulatedRanks.Count);
            else network.PartitionAt(at, rank);

            Run(network, file, out var thrown, out var failure);

            Assert.True(failure is PeerLostException, $"seed {seed}: {failure}");
            Assert.InRange(network.Elapsed, at, at + TimeSpan.FromSeconds(7));
            for (var other = 0; other < SimulatedRanks.Count; other++)
                if (other != rank) Assert.True(thrown[other] is PeerLostException, $"seed {seed}: {thrown[other]}");
        }
    }

    /// <summary>
    /// A stage takes time for each token that it computes: with one step for each stage, none waits for the others.
    /// </summary>
    [Fact]
    public void Several_steps_in_flight_keep_the_stages_busy()
    {
        using var file = SimulatedRanks.File();
        var (elapsed, busy) = (new TimeSpan[3], new double[3]);
        var texts = new List<int[]>[3];
        for (var steps = 1; steps <= 2; steps++)
        {
            var network = new SimulatedNetwork(SimulatedRanks.Count + 1, new() { Seed = 3, Latency = _ms / 10 });
            var meter = default(RankMeter);
            texts[steps] = Run(network, file, out var thrown, out var failure, new(steps, PromptMin: 2, Longer: 1)
            {
                PerToken = 5 * _ms, Look = root => meter = root,
            });

            Assert.All(thrown, Assert.Null);
            Assert.Null(failure);
            elapsed[steps] = network.Elapsed;
            busy[steps] = meter!.Step.SumNanoseconds / (double)meter.BusyNanoseconds;
        }

        Assert.Equal(texts[1], texts[2]);
        Assert.Equal(1, busy[1], 1e-9);
        Assert.True(busy[2] > 1.5, $"{busy[2]} steps in flight.");
        // Twice as fast, but for the prompts: short ones share a step, and there is nothing else to do meanwhile.
        Assert.True(elapsed[2] < 0.7 * elapsed[1], $"{elapsed[1]} with one step in flight, {elapsed[2]} with two.");
    }

    /// <summary>Two stages of two ranks, and the engine at the root.</summary>
    /// <param name="network">Virtual.</param>
    /// <param name="file">The model.</param>
    /// <param name="thrown">By rank.</param>
    /// <param name="failure">The engine's.</param>
    /// <param name="load">What is asked, and how it is run; null for prompts of many lengths.</param>
    private static List<int[]> Run(
        SimulatedNetwork network, RandomModel file, out IReadOnlyList<Exception?> thrown, out Exception? failure,
        Load? load = null)
    {
        load ??= new(StepsInFlight: 2, PromptMin: 10, Longer: 7);
        var replica = SimulatedRanks.Replica(file);
        var texts = new List<int[]>();
        var failed = default(Exception);
        thrown = network.Run(transport =>
        {
            if (transport.Rank == SimulatedRanks.Count)
            {
                using var executor = new ClusterExecutor(
                    transport, replica, SimulatedRanks.ShapeOf(file, load.StepsInFlight));
                texts = Answers(executor, transport.Time, load, out failed);
                load.Look(executor.Meter);
                return;
            }
            SimulatedRanks.Serve(transport, replica, file, load.PerToken);
        });
        failure = failed;
        return texts;
    }

    /// <summary>Blocks its thread, as a rank of the simulation must.</summary>
    private static List<int[]> Answers(IExecutor executor, TimeProvider time, Load load, out Exception? failure)
    {
        var engine = new LlmEngine(executor, new() { Scheduling = SimulatedRanks.Scheduling }, time);
        var answers = Enumerable.Range(0, 6).Select(i => engine.Submit(new GenerationRequest
        {
            Prompt = SimulatedRanks.Prompt(i, load.PromptMin + (load.Longer * i)),
            TokensMax = 12, Sampling = new() { Temperature = 0 },
        })).ToList();
        engine.Stop();
        failure = null;
        try
        {
            engine.RunAsync().GetAwaiter().GetResult();
        }
        catch (PeerLostException lost)
        {
            failure = lost;
        }
        var texts = new List<int[]>();
        foreach (var answer in answers)
        {
            try
            {
                texts.Add(IdsAsync(answer).GetAwaiter().GetResult());
            }
            catch (PeerLostException) when (failure is not null)
            {
                // What the engine failed with is what the reader of the request sees.
            }
        }
        Assert.True(failure is null ? texts.Count == 6 : texts.Count < 6);
        return texts;
    }

    private static async Task<int[]> IdsAsync(Generation answer)
    {
        var ids = new List<int>();
        await foreach (var token in answer)
            if (token.IsText) ids.Add(token.Id);
        return [.. ids];
    }
}
