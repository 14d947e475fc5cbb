using Minka.Collectives;
using Minka.Collectives.Simulation;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests;

/// <summary>Whole clusters with their engine in virtual time: delay, loss of a rank, cut links, partitions.</summary>
public sealed class SimulatedClusterTests
{
    private const int KvBlocks = 24, Ranks = 4;
    private static readonly TimeSpan _ms = TimeSpan.FromMilliseconds(1);

    private static readonly SchedulerOptions Scheduling = new()
    {
        SequencesMax = 4, TokensPerStepMax = 32, LogitRowsMax = 8, ContextMax = 128,
    };

    [Fact]
    public void Delays_change_when_tokens_come_and_not_which()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(file, backend, Options());
        var expected = Answers(new LocalExecutor(model), TimeProvider.System, out _);

        for (var seed = 0; seed < 4; seed++)
        {
            var network = new SimulatedNetwork(Ranks + 1, new()
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
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        for (var seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            var network = new SimulatedNetwork(Ranks + 1, new()
            {
                Seed = seed, Latency = _ms, Deadline = TimeSpan.FromSeconds(3),
            });
            var at = random.Next(1, 60) * _ms;
            var rank = random.Next(Ranks);
            if (seed % 3 == 0) network.KillAt(at, rank);
            else if (seed % 3 == 1) network.CutAt(at, rank, Ranks);
            else network.PartitionAt(at, rank);

            Run(network, file, out var thrown, out var failure);

            Assert.True(failure is PeerLostException, $"seed {seed}: {failure}");
            Assert.InRange(network.Elapsed, at, at + TimeSpan.FromSeconds(7));
            for (var other = 0; other < Ranks; other++)
                if (other != rank) Assert.True(thrown[other] is PeerLostException, $"seed {seed}: {thrown[other]}");
        }
    }

    /// <summary>Two stages of two ranks, and the engine at the root.</summary>
    private static List<int[]> Run(
        SimulatedNetwork network, RandomModel file, out IReadOnlyList<Exception?> thrown, out Exception? failure)
    {
        var replica = SlicingContract.Plan(file, 2, 2, "").Replicas[0];
        var texts = new List<int[]>();
        var failed = default(Exception);
        thrown = network.Run(transport =>
        {
            if (transport.Rank == Ranks)
            {
                using var executor = new ClusterExecutor(transport, replica, new(
                    file.Config.VocabularySize, file.Config.ContextLength, KvBlocks, Scheduling.StepLimits(KvBlocks)));
                texts = Answers(executor, transport.Time, out failed);
                return;
            }
            var links = new RankLinks(transport, replica);
            using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
            using var model = Decoder.Load(file, backend, Options() with
            {
                Slice = PlannedModel.SliceOf(replica, transport.Rank),
                Ranks = links.Stage,
            });
            new WorkerLoop(links, model, transport.MessageBytesMax).Run();
        });
        failure = failed;
        return texts;
    }

    private static ModelLoadOptions Options() =>
        new() { KvBlocks = KvBlocks, Limits = Scheduling.StepLimits(KvBlocks), KvType = DType.F32 };

    /// <summary>Blocks its thread, as a rank of the simulation must.</summary>
    private static List<int[]> Answers(IExecutor executor, TimeProvider time, out Exception? failure)
    {
        var engine = new LlmEngine(executor, new() { Scheduling = Scheduling }, time);
        var answers = Enumerable.Range(0, 6).Select(i => engine.Submit(new GenerationRequest
        {
            Prompt = Enumerable.Range(0, 10 + (7 * i)).Select(p => p * (i + 1) % 83).ToArray(),
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
