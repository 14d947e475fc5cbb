using Minka.Collectives.Simulation;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Models.Tests.Architectures;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>
/// More machines over the same links, in virtual time, where each has a processor of its own: what a token takes.
/// </summary>
public sealed class ScalingTests
{
    private const int Steps = 8;

    /// <summary>One rank alone computes a token in so long; each of N in an Nth of it.</summary>
    private static readonly TimeSpan _compute = TimeSpan.FromMilliseconds(40);

    private static readonly StepLimits _limits = new(8, 1, 1, 4);

    /// <summary>
    /// Links on which a row of the residual stream takes a millisecond, and 0.2 ms to arrive: what everyone sends to
    /// everyone costs more from 4 to 8 ranks than the ranks save, as in the published runs of distributed-llama.
    /// </summary>
    [Fact]
    public void Eight_ranks_are_faster_than_four_where_everyone_to_everyone_is_slower()
    {
        var (chosen, flood) = (Rates(CollectiveAlgorithm.Auto), Rates(CollectiveAlgorithm.OneShot));

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"tokens/s on 2, 4, 8 ranks: auto {string.Join(", ", chosen.Select(rate => $"{rate:0.0}"))}; "
            + $"everyone to everyone {string.Join(", ", flood.Select(rate => $"{rate:0.0}"))}");
        Assert.True(flood[2] < 0.8 * flood[1], "The links are too fast to show anything.");
        Assert.True(chosen[1] > 1.1 * chosen[0]);
        Assert.True(chosen[2] > 1.1 * chosen[1]);
    }

    /// <summary>Tokens a second of virtual time on 2, 4 and 8 ranks.</summary>
    private static double[] Rates(CollectiveAlgorithm algorithm)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama") with
        {
            Layers = 2,
            Width = 512,
            FeedForwardWidth = 256,
            Heads = 8,
            KvHeads = 8,
        }, 7);
        return [.. new[] { 2, 4, 8 }.Select(ranks => Rate(file, ranks, algorithm))];
    }

    private static double Rate(RandomModel file, int ranks, CollectiveAlgorithm algorithm)
    {
        var network = new SimulatedNetwork(ranks + 1, new()
        {
            Seed = ranks, Latency = TimeSpan.FromMilliseconds(0.2), BytesPerSecond = 512 * sizeof(float) * 1000,
        });
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(file),
            Workers = [.. Enumerable.Range(0, ranks).Select(rank => $"node{rank}:9000")],
            Tensor = ranks, Pipeline = 1, Collectives = new() { Hidden = new(algorithm, WireFormat.F32) },
        });
        var replica = plan.Replicas[0];
        var took = TimeSpan.Zero;
        var thrown = network.Run(transport =>
        {
            if (transport.Rank < ranks)
            {
                Serve(transport, replica, file);
                return;
            }
            using var executor = new ClusterExecutor(
                transport, replica, new(file.Config.VocabularySize, file.Config.ContextLength, 4, _limits));
            executor.Tune();
            var start = network.Elapsed;
            var input = new ForwardInput(_limits);
            for (var step = 0; step < Steps; step++)
            {
                input.Clear();
                input.AddSequence([step], step, 1, [0], 1);
                executor.Run(input, [], [new(new(1, false, false), -1)]);
            }
            took = network.Elapsed - start;
        });
        Assert.All(thrown, Assert.Null);
        return Steps / took.TotalSeconds;
    }

    private static void Serve(SimulatedTransport transport, ReplicaPlan replica, RandomModel file)
    {
        var links = new RankLinks(transport, replica);
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(file, backend, new()
        {
            KvBlocks = 4, Limits = _limits, KvType = DType.F32,
            Slice = PlannedModel.SliceOf(replica, transport.Rank), Ranks = links.Stage,
        });
        model.Probe = (layer, _) =>
        {
            if (layer == 0) transport.Compute(_compute / replica.Stages[0].Ranks.Count);
        };
        new WorkerLoop(links, model, transport.MessageBytesMax).Run();
    }
}
