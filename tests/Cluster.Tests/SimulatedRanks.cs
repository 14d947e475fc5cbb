using Minka.Collectives.Simulation;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Tests.Architectures;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>Two stages of two ranks and a root in virtual time, and the model of random weights that they
/// run.</summary>
internal static class SimulatedRanks
{
    /// <summary>The root's number, too.</summary>
    public const int Count = 4;

    public const int KvBlocks = 24;

    public static SchedulerOptions Scheduling { get; } = new()
    {
        SequencesMax = 4, TokensPerStepMax = 32, LogitRowsMax = 8, ContextMax = 128,
    };

    public static ModelLoadOptions Options { get; } =
        new() { KvBlocks = KvBlocks, Limits = Scheduling.StepLimits(KvBlocks), KvType = DType.F32 };

    public static RandomModel File() => new(RandomModel.ConfigOf("llama"), 7);

    public static ReplicaPlan Replica(RandomModel file) => SlicingContract.Plan(file, 2, 2, "").Replicas[0];

    /// <summary>What the root runs.</summary>
    public static ExecutorShape ShapeOf(RandomModel file, int stepsInFlight) => new(
        file.Config.VocabularySize, file.Config.ContextLength, KvBlocks, Scheduling.StepLimits(KvBlocks))
    {
        StepsInFlight = stepsInFlight,
    };

    /// <summary>Serves as a rank until the root ends it, or a peer is lost.</summary>
    /// <param name="transport">Of the rank.</param>
    /// <param name="replica">The plan.</param>
    /// <param name="file">The model.</param>
    /// <param name="perToken">What computing a token takes its stage.</param>
    public static void Serve(
        SimulatedTransport transport, ReplicaPlan replica, RandomModel file, TimeSpan perToken = default)
    {
        var links = new RankLinks(transport, replica);
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        var slice = PlannedModel.SliceOf(replica, transport.Rank);
        using var model = Decoder.Load(file, backend, Options with { Slice = slice, Ranks = links.Stage });
        if (perToken > TimeSpan.Zero)
            model.Probe = (layer, hidden) =>
            {
                var tokens = hidden.Length / file.Config.Width;
                if (layer == slice.Layers.Start.Value) transport.Compute(tokens * perToken);
            };
        new WorkerLoop(links, model, transport.MessageBytesMax).Run();
    }

    /// <summary>A prompt that no other begins with.</summary>
    public static int[] Prompt(int i, int length) => [.. Enumerable.Range(0, length).Select(p => p * (i + 1) % 83)];
}
