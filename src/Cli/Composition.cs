using System.Globalization;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine.Execution;
using Minka.Models;
using Minka.Models.Loading;

namespace Minka.Cli;

/// <summary>How large the steps and the cache of a model must be.</summary>
/// <param name="Positions">Positions to make room for; null for as many as a conversation may want.</param>
/// <param name="StepTokens">Tokens of one step.</param>
/// <param name="LogitRows">Rows of logits of one step.</param>
/// <param name="Sequences">Sequences of one step, which share the positions.</param>
internal sealed record ModelRoom(
    int? Positions = null, int StepTokens = 512, int LogitRows = 1, int Sequences = 1)
{
    /// <summary>Positions if nobody says how many, where the model has as many.</summary>
    public int Usual { get; init; } = 4096;

    /// <summary>For many sequences at once; null for one.</summary>
    public ServingRoom? Serving { get; init; }
}

/// <summary>A model with everything it needs to run.</summary>
internal sealed class OpenModel(
    string name, ModelPackage package, CpuBackend backend, ICausalModel model, int positions, TimeSpan loadTime)
    : IDisposable
{
    private readonly IExecutor _executor = model is ClusterModel cluster ? cluster.Executor : new LocalExecutor(model);

    /// <summary>For people: the model's own name, or its file's.</summary>
    public string Name { get; } = name;

    public ModelPackage Package { get; } = package;

    public CpuBackend Backend { get; } = backend;

    public ICausalModel Model { get; } = model;

    /// <summary>Runs the engine's steps.</summary>
    public IExecutor Executor => Recovering ?? _executor;

    /// <summary>Starts a cluster again that lost a machine; null where what runs fails then.</summary>
    public RecoveringExecutor? Recovering { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public required DType KvType { get; init; }

    /// <summary>What the cache takes, as a product.</summary>
    public string KvCache => KvArithmetic.Of(Package.Config, KvType, Model.Memory);

    /// <summary>Positions a sequence may have.</summary>
    public int Positions { get; } = positions;

    public TimeSpan LoadTime { get; } = loadTime;

    /// <summary>How to sample without any option.</summary>
    public required GenerationDefaults Suggested { get; init; }

    /// <summary>Who guesses tokens ahead; null for nobody.</summary>
    public OpenDrafter? Drafter { get; init; }

    public void Dispose()
    {
        Drafter?.Held?.Dispose();
        Recovering?.Dispose();
        Model.Dispose();
        Backend.Dispose();
        Package.Dispose();
    }
}

/// <summary>The only place that knows who implements what.</summary>
internal static partial class Composition
{
    /// <summary>Opens the files of a model without loading its weights.</summary>
    public static ModelPackage OpenPackage(ModelChoice choice) =>
        ModelPackage.Open(ModelLocator.Locate(choice.Name), choice.TokenizerPath);

    /// <summary>Loads a model, with a progress bar where somebody looks.</summary>
    /// <exception cref="ModelFormatException">It cannot be used, or does not fit in memory.</exception>
    public static OpenModel Open(ModelChoice choice, Terminal terminal, ModelRoom? room = null)
    {
        // Loading holds nothing that must be put in order, so Ctrl+C may end the process.
        using var suspended = terminal.Interrupts.Suspend();
        var start = terminal.Time.GetTimestamp();
        var package = OpenPackage(choice);
        try
        {
            return Load(choice, terminal, room ?? new ModelRoom(), package, start);
        }
        catch
        {
            package.Dispose();
            throw;
        }
    }

    private static OpenModel Load(
        ModelChoice choice, Terminal terminal, ModelRoom room, ModelPackage package, long start)
    {
        var own = package.Config.ContextLength;
        var positions = Positions(choice, room, own);
        // Each guess is a row more to be checked.
        room = room with { LogitRows = room.LogitRows + (choice.Draft?.Max ?? 0) };
        var options = OptionsOf(choice, room, positions);
        if (room.Serving is { } serving)
            (options, positions) = Fit(choice, serving, package, options, positions, terminal);
        if (choice.Cluster is { } cluster)
            return Start(choice, cluster, package, (options, positions), terminal, start);
        MemoryCheck.Require(package, options, choice);
        var backend = new CpuBackend(choice.Backend);
        try
        {
            using var progress = new ProgressLine(terminal, "Loading", ModelFiles.WeightBytes(package.Weights));
            var model = package.Load(backend, options with { Progress = progress.Advance });
            return new OpenModel(
                package.Config.Name ?? choice.Name, package, backend, model, positions,
                terminal.Time.GetElapsedTime(start))
            {
                KvType = options.KvType,
                Suggested = Suggestion(choice, package),
                Drafter = OpenDrafter(choice, package, options, terminal),
            };
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <exception cref="UsageException">More are asked for than the model was made for.</exception>
    private static int Positions(ModelChoice choice, ModelRoom room, int own)
    {
        if (choice.Context > own)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--ctx is {choice.Context:N0}; '{choice.Name}' was made for {own:N0} positions. Lower --ctx; 0 takes "
                + $"all of them."));
        return room.Positions ?? (choice.Context is 0 ? own : choice.Context) ?? Math.Min(own, room.Usual);
    }

    private static ModelLoadOptions OptionsOf(ModelChoice choice, ModelRoom room, int positions) => new()
    {
        KvBlocks = Blocks(positions),
        Limits = new StepLimits(room.StepTokens, room.Sequences, room.LogitRows, Blocks(positions)),
        KvType = choice.Kv ?? (choice.Compute == ComputeMode.F32 ? DType.F32 : DType.F16),
        WeightType = choice.Weights,
    };

    /// <summary>Whole blocks, and one to spare: the engine keeps a little of its cache free.</summary>
    private static int Blocks(int positions) => positions / KvShape.BlockTokens + 2;

    /// <summary>The built-in model was trained to answer exactly; its GGUF has no place to say so.</summary>
    private static GenerationDefaults Suggestion(ModelChoice choice, ModelPackage package) =>
        choice.Name == ModelLocator.BuiltIn ? package.Defaults with { DoSample = false } : package.Defaults;
}
