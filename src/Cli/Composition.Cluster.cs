using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Cluster.Protocol;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cli;

internal static partial class Composition
{
    private static readonly TimeSpan _startWithin = TimeSpan.FromMinutes(10);

    /// <summary>Starts the model on the workers; this machine only schedules.</summary>
    private static OpenModel Start(
        ModelChoice choice, ClusterChoice cluster, ModelPackage package, ModelLoadOptions options, int positions,
        Terminal terminal, long start)
    {
        var progress = default(ProgressLine);
        var request = new ClusterRequest(
            PlanOf(choice, cluster, package, options), HoldingOf(choice, package, options),
            ClusterKey.Read(cluster.KeyPath), _startWithin)
        {
            Weights = package.Weights,
            Shipped = (bytes, total) => LazyInitializer.EnsureInitialized(
                ref progress, () => new(terminal, "Sending weights", total)).Advance(bytes),
            Time = terminal.Time,
        };
        ClusterModel model;
        try
        {
            model = Coordinator.StartAsync(
                request, package.Config, chosen => Tell(terminal, chosen), CancellationToken.None)
                .GetAwaiter().GetResult();
        }
        finally
        {
            progress?.Dispose();
        }
        return new OpenModel(
            package.Config.Name ?? choice.Name, package, new CpuBackend(new CpuOptions { Threads = 1 }), model,
            positions, terminal.Time.GetElapsedTime(start))
        {
            KvType = options.KvType,
            Suggested = Suggestion(choice, package),
        };
    }

    private static void Tell(Terminal terminal, string chosen)
    {
        if (terminal.IsErrorSeen) terminal.Error.WriteLine(terminal.Dim($"collectives: {chosen}"));
    }

    private static ClusterPlan PlanOf(
        ModelChoice choice, ClusterChoice cluster, ModelPackage package, ModelLoadOptions options)
    {
        try
        {
            var shape = PlannedModel.ShapeOf(package.Weights, choice.Compute == ComputeMode.F32 ? DType.F32
                : options.WeightType);
            if (cluster.PlanPath is { } path) return ReadPlan(path, shape);
            return PlanBuilder.Build(new()
            {
                Model = shape,
                Workers = cluster.Workers,
                Tensor = cluster.Tensor,
                Pipeline = cluster.Pipeline,
                Shares = cluster.Shares,
                Collectives = new() { Hidden = new(cluster.Algorithm, cluster.Wire), Boundary = cluster.Wire },
                Kv = new(options.KvBlocks * KvShape.BlockTokens, options.KvType switch
                {
                    DType.F32 => KvType.F32,
                    DType.F16 => KvType.F16,
                    _ => KvType.Q8,
                }),
            });
        }
        catch (PlanException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    private static ClusterPlan ReadPlan(string path, ModelShape shape)
    {
        var plan = PlanJson.Read(File.ReadAllBytes(path));
        PlanRules.Require(plan);
        return plan.Model.Hash == shape.Hash
            ? plan
            : throw new UsageException($"'{path}' cuts '{plan.Model.Name}' of hash {plan.Model.Hash[..12]}; "
                + $"this model is {shape.Hash[..12]}. Make the plan again for it.");
    }

    private static ModelHolding HoldingOf(ModelChoice choice, ModelPackage package, ModelLoadOptions options) => new()
    {
        Path = Path.GetFullPath(package.Weights.Path),
        WeightType = options.WeightType switch { DType.Q8_0 => "q8_0", DType.Q4_0 => "q4_0", _ => "" },
        IsReference = choice.Compute == ComputeMode.F32,
        StepTokens = options.Limits.Tokens,
        StepSequences = options.Limits.Sequences,
        StepLogitRows = options.Limits.LogitRows,
        StepTableBlocks = options.Limits.TableBlocks,
    };
}
