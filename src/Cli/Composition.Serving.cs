using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cluster;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine.KvCache;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Server;

namespace Minka.Cli;

/// <summary>How many sequences a model must have room for.</summary>
/// <param name="Scheduling">Limits of the scheduler; its context is still to be decided.</param>
/// <param name="KvBytes">Memory for keys and values; 0 for what the sequences need, or what is left.</param>
internal sealed record ServingRoom(SchedulerOptions Scheduling, long KvBytes);

internal static partial class Composition
{
    /// <summary>What a server knows of a model before it is loaded.</summary>
    /// <param name="choice">Which, and how.</param>
    /// <param name="name">What requests call it.</param>
    /// <param name="serving">How it is served.</param>
    /// <param name="terminal">Where progress is shown.</param>
    /// <exception cref="ModelFormatException">Its files cannot be used.</exception>
    public static ModelEntry Entry(ModelChoice choice, string name, ServingChoice serving, Terminal terminal)
    {
        // Whoever names a model that cannot be read is told now and not with the first request.
        using var package = OpenPackage(choice);
        _ = package.Tokenizer;
        var bytes = package.Weights.Stored.Sum(tensor => tensor.Bytes) + serving.Room.KvBytes;
        if (DraftChoiceOf(choice) is { } draft)
        {
            using var small = OpenPackage(draft);
            RequireSameTokens(package.Tokenizer, small.Tokenizer, draft.Name);
            bytes += small.Weights.Stored.Sum(tensor => tensor.Bytes);
        }
        return new ModelEntry(name, bytes, _ => Task.Run(() => Serve(choice, name, serving, terminal)));
    }

    private static ServedModel Serve(ModelChoice choice, string name, ServingChoice serving, Terminal terminal)
    {
        var open = Open(choice, terminal, new ModelRoom(
            StepTokens: serving.Room.Scheduling.TokensPerStepMax, LogitRows: serving.Room.Scheduling.LogitRowsMax)
        {
            Serving = serving.Room,
        });
        try
        {
            return new ServedModel(
                name, open.Package, open.Executor,
                new ServedModelOptions
                {
                    Scheduling = serving.Room.Scheduling with { ContextMax = open.Positions },
                    Drafter = open.Drafter?.Drafter,
                    Defaults = serving.UsesSuggestions ? open.Suggested : GenerationDefaults.None,
                    Template = serving.Template,
                    MachineMetrics = (open.Model as ClusterModel)?.Monitor is { } monitor
                        ? monitor.PrometheusAsync
                        : null,
                    Machines = open.Model is ClusterModel { Monitor: not null } cluster
                        ? new ClusterWatch(cluster.Monitor, cluster.Replica!, terminal.Time).LookAsync
                        : null,
                },
                open, terminal.Time);
        }
        catch
        {
            open.Dispose();
            throw;
        }
    }

    /// <summary>Blocks beyond those that sequences need: the engine keeps a little of its cache free.</summary>
    private const int SpareBlocks = 2;

    /// <summary>Sizes the cache once, so that memory never runs out later.</summary>
    private static (ModelLoadOptions Options, int Positions) Fit(
        ModelChoice choice, ServingRoom room, ModelPackage package, ModelLoadOptions options, int context,
        Terminal terminal)
    {
        var (config, scheduling) = (package.Config, room.Scheduling);
        if (choice.Cluster is not null) return (Share(scheduling, options, context), context);
        var draft = DraftNeeds(choice, options, scheduling);
        var scratch = MemoryCheck.ScratchBytes(package, options with { Limits = scheduling.StepLimits(0) }, choice);
        KvBudget budget;
        try
        {
            budget = KvBudget.Of(new KvDemand(
                CpuInfo.Read().AvailableMemoryBytes, MemoryCheck.WeightBytes(package, options, choice),
                scratch + draft.Scratch, BlockBytes(config, options.KvType) + draft.Block, config.ContextLength,
                scheduling.SequencesMax, context, room.KvBytes, draft.Weights));
        }
        catch (ArgumentException tooLittle)
        {
            throw new UsageException(tooLittle.Message);
        }
        // In logs too: what memory goes to is asked when it runs short.
        foreach (var line in budget.Explanation) terminal.Error.WriteLine(terminal.Dim(line));
        var fitted = scheduling with { ContextMax = budget.Context };
        var blocks = budget.Blocks + SpareBlocks;
        return (options with { KvBlocks = blocks, Limits = fitted.StepLimits(blocks) }, budget.Context);
    }

    /// <summary>Bytes that a smaller model takes which guesses; 0 without one. It keeps as many blocks as the model
    /// it guesses for.</summary>
    private static (long Weights, long Scratch, long Block) DraftNeeds(
        ModelChoice choice, ModelLoadOptions options, SchedulerOptions scheduling)
    {
        if (DraftChoiceOf(choice) is not { } draft) return (0, 0, 0);
        using var small = OpenPackage(draft);
        var limits = (scheduling with { LogitRowsMax = scheduling.SequencesMax }).StepLimits(0);
        return (MemoryCheck.WeightBytes(small, options, draft),
            MemoryCheck.ScratchBytes(small, options with { Limits = limits }, draft),
            BlockBytes(small.Config, options.KvType));
    }

    private static long BlockBytes(ModelConfig config, DType type) =>
        new KvShape(1, config.KvHeads, config.HeadDim, type).BlockBytes * config.Layers;

    /// <summary>Room for every sequence: each worker checks for itself whether its part fits.</summary>
    private static ModelLoadOptions Share(SchedulerOptions scheduling, ModelLoadOptions options, int context)
    {
        var blocks = scheduling.SequencesMax * Blocks(context);
        return options with
        {
            KvBlocks = blocks,
            Limits = (scheduling with { ContextMax = context }).StepLimits(blocks),
        };
    }
}
