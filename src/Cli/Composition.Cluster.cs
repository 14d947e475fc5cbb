using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Cluster.Protocol;
using Minka.Cluster.Weights;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cli;

internal static partial class Composition
{
    private static readonly TimeSpan _startWithin = TimeSpan.FromMinutes(10);

    /// <summary>How a model would be cut, without starting anything.</summary>
    /// <exception cref="UsageException">It cannot be cut so.</exception>
    public static ClusterPlan MakePlan(ModelChoice choice)
    {
        using var package = OpenPackage(choice);
        var room = new ModelRoom();
        return PlanOf(choice, choice.Cluster!, package,
            OptionsOf(choice, room, Positions(choice, room, package.Config.ContextLength)));
    }

    /// <summary>What plans call a model: the shape that its files have.</summary>
    public static ModelShape ShapeOf(ModelChoice choice)
    {
        using var package = OpenPackage(choice);
        return PlannedModel.ShapeOf(package.Weights);
    }

    /// <summary>Starts the model on the workers; this machine only schedules.</summary>
    private static OpenModel Start(
        ModelChoice choice, ClusterChoice cluster, ModelPackage package, (ModelLoadOptions Options, int Positions) size,
        Terminal terminal, long start)
    {
        var (options, positions) = size;
        var progress = default(ProgressLine);
        var plan = PlanOf(choice, cluster, package, options);
        var kv = plan.Replicas[0].Kv; // a plan of a file has its own
        if (cluster.PlanPath is not null) positions = Math.Min(positions, kv.Tokens - 2 * KvShape.BlockTokens);
        var request = new ClusterRequest(
            plan, HoldingOf(choice, package, options), ClusterKey.Read(cluster.KeyPath), _startWithin)
        {
            Weights = package.Weights,
            StepsInFlight = cluster.StepsInFlight,
            Shipped = (bytes, total) => LazyInitializer.EnsureInitialized(
                ref progress, () => new(terminal, "Sending weights", total)).Advance(bytes),
            SumsFolder = SliceCache.DefaultFolder,
            Warn = terminal.Complain,
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
            KvType = kv.Type switch { KvType.F32 => DType.F32, KvType.F16 => DType.F16, _ => DType.Q8_0 },
            Suggested = Suggestion(choice, package),
            Recovering = cluster.RecoverWithin.Ticks == 0 ? null : new(model, new(
                ending => Coordinator.StartAsync(request with { Shipped = null }, package.Config, _ => { }, ending),
                cluster.RecoverWithin)
            {
                Tell = said => TellOfLoss(terminal, $"'{choice.Name}': {said}"), Time = terminal.Time,
            }),
            Drafter = OpenDrafter(choice, package, options, terminal),
        };
    }

    private static void Tell(Terminal terminal, string chosen)
    {
        if (terminal.IsErrorSeen) terminal.Error.WriteLine(terminal.Dim($"sums: {chosen}"));
    }

    private static void TellOfLoss(Terminal terminal, string said)
    {
        // An answer may be in the middle of a line there.
        if (terminal is { IsOutputSeen: true, IsErrorSeen: true }) terminal.Error.WriteLine();
        terminal.Complain(said);
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
        var plan = PlanFile.Read(path);
        PlanRules.Require(plan);
        return plan.Model.Hash == shape.Hash
            ? plan
            : throw new UsageException($"'{path}' cuts '{plan.Model.Name}' of hash "
                + $"{PlanFile.Short(plan.Model.Hash)}; this model is {PlanFile.Short(shape.Hash)}. Make the plan again "
                + "for it.");
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
