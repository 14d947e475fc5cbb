using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>The built-in model in f32: on one machine, and cut in any way.</summary>
internal static class TinyCluster
{
    private const int KvBlocks = 96;

    public static SchedulerOptions Scheduling { get; } = new()
    {
        SequencesMax = 8, TokensPerStepMax = 160, LogitRowsMax = 32, ContextMax = 256,
    };

    public static ModelPackage Package { get; } = ModelPackage.Open(Weights.TestWorkers.ModelPath);

    /// <summary>The whole model.</summary>
    public static async Task<T> AloneAsync<T>(Func<ICausalModel, Task<T>> use)
    {
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(Package.Weights, backend, new()
        {
            KvBlocks = KvBlocks, Limits = Scheduling.StepLimits(KvBlocks), KvType = DType.F32,
        });
        return await use(model);
    }

    /// <summary>A cluster.</summary>
    /// <param name="tensor">Ranks of a stage; 0 if <paramref name="shares"/> say all.</param>
    /// <param name="pipeline">Stages.</param>
    /// <param name="shares">As for the program.</param>
    /// <param name="collectives">How ranks sum.</param>
    /// <param name="stepsInFlight">0 for one for each stage.</param>
    public static ThreadCluster Of(
        int tensor, int pipeline, string shares = "", CollectivePlan? collectives = null, int stepsInFlight = 0)
    {
        var ranks = tensor > 0 ? tensor * pipeline : shares.Split(':', '*', ',').Length;
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(Package.Weights),
            Workers = [.. Enumerable.Range(0, ranks).Select(rank => $"node{rank}:9000")],
            Tensor = tensor, Pipeline = pipeline, Shares = shares, Collectives = collectives ?? new(),
        });
        return new(Package.Weights, plan, Scheduling.StepLimits(KvBlocks), KvBlocks, stepsInFlight: stepsInFlight);
    }
}
