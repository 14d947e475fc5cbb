using System.CommandLine;
using Minka.Plan;

namespace Minka.Cli.Options;

/// <summary>Which machines run the model, and how it is cut over them.</summary>
/// <param name="Workers"><c>host:port</c> of each rank; empty if <paramref name="PlanPath"/> says it.</param>
/// <param name="Tensor">Ranks that share each layer; 0 for what the workers give.</param>
/// <param name="Pipeline">Stages; 0 for what the workers give.</param>
/// <param name="Shares">How much each rank gets; empty for alike.</param>
/// <param name="PlanPath">A plan instead of all this; null for none.</param>
/// <param name="Algorithm">How ranks sum.</param>
/// <param name="Wire">Numbers between ranks.</param>
/// <param name="KeyPath">File of the key; null for none.</param>
internal sealed record ClusterChoice(
    IReadOnlyList<string> Workers, int Tensor, int Pipeline, string Shares, string? PlanPath,
    CollectiveAlgorithm Algorithm, WireFormat Wire, string? KeyPath)
{
    /// <summary>Steps on their way through the stages at once; null for one for each stage.</summary>
    public int? StepsInFlight { get; init; }

    /// <summary>Where the time went is to be told afterwards.</summary>
    public bool WantsReport { get; init; }

    /// <summary>How long what runs waits for a machine that was lost; zero for not at all.</summary>
    public TimeSpan RecoverWithin { get; init; }

    /// <summary>Where to write a Chrome trace; null for nowhere.</summary>
    public string? TracePath { get; init; }
}

/// <summary>The options of a model that runs on several machines.</summary>
internal sealed class ClusterFlags
{
    private readonly Option<string?> _workers = Flag.Text(["--workers"], "HOST:PORT,...",
        "Run on these machines, each with minka worker.");

    private readonly Option<int?> _tensor = Flag.Number(["--tp"], "N", 1, 1024,
        "Machines that share each layer (default: all).");

    private readonly Option<int?> _pipeline = Flag.Number(["--pp"], "N", 1, 1024,
        "Stages of layers, one after another (default: 1).");

    private readonly Option<string?> _shares = Flag.Text(["--shares"], "N,N",
        "Weight of each machine, such as 2,1,1 (default: alike).");

    private readonly Option<string?> _plan = Flag.Text(["--plan"], "FILE", "A plan instead of --workers.");

    private readonly Option<CollectiveAlgorithm?> _collective = Flag.Choice<CollectiveAlgorithm>(["--collective"],
        [("auto", CollectiveAlgorithm.Auto), ("one-shot", CollectiveAlgorithm.OneShot),
         ("two-shot", CollectiveAlgorithm.TwoShot),
         ("recursive-doubling", CollectiveAlgorithm.Doubling),
         ("ring", CollectiveAlgorithm.Ring), ("star", CollectiveAlgorithm.Star)],
        "How machines sum: auto (measured, default), one-shot, two-shot, recursive-doubling, ring or star.",
        "ALGORITHM");

    private readonly Option<WireFormat?> _wire = Flag.Choice<WireFormat>(["--wire"],
        [("f32", WireFormat.F32), ("f16", WireFormat.F16), ("q8", WireFormat.Q8)],
        "Numbers between machines (default: f32).");

    private readonly Option<int?> _inFlight = Flag.Number(["--in-flight"], "N", 1, 64,
        "Steps on their way through the stages at once (default: one per stage).");

    private readonly Option<bool> _report = Flag.Switch(["--report"],
        "Tell afterwards where the time went, per rank and link.");

    private readonly Option<string?> _trace = Flag.Text(["--trace"], "FILE",
        "Write what every rank did, for ui.perfetto.dev.");

    private readonly Option<float?> _recoverWithin = Flag.Number(["--recover-within"], "S", 0f, 86400f,
        "What runs waits so long for a machine that was lost; 0 not at all (default: 60).");

    private readonly Option<string?> _key = KeyOption();

    /// <summary>How a model is cut; in reading order.</summary>
    public IReadOnlyList<Option> Cuts => [_workers, _tensor, _pipeline, _shares, _collective, _wire];

    /// <summary>For verbs that run a model; in reading order.</summary>
    /// <param name="ends">It comes to an end, where something can be told of it.</param>
    /// <param name="recovers">What it does outlives the loss of a machine.</param>
    public OptionGroup Group(bool ends, bool recovers) => new("Several machines",
    [
        _workers, _tensor, _pipeline, _shares, _plan, _collective, _wire, _inFlight, _key,
        .. recovers ? [_recoverWithin] : (Option[])[], .. ends ? [_report, _trace] : (Option[])[],
    ]);

    /// <summary>Where the key is.</summary>
    public static Option<string?> KeyOption() => Flag.Text(["--key-file"], "FILE",
        "The key of minka key new (default: in the variable MINKA_KEY).");

    /// <summary>What was asked for; null for this machine alone.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public ClusterChoice? Read(ParseResult parse)
    {
        var (workers, plan) = (parse.GetValue(_workers), parse.GetValue(_plan));
        var cuts = Cuts.Where(option => option != _workers && parse.GetResult(option) is { Implicit: false })
            .Select(option => option.Name).ToList();
        if (workers is null && plan is null)
            return Astray(parse, cuts) is { } astray
                ? throw new UsageException($"{astray} is about several machines; name them with --workers.")
                : null;
        if (plan is not null && (workers is not null || cuts.Count > 0))
            throw new UsageException($"--plan says all that {(workers is null ? cuts[0] : "--workers")} says; "
                + "leave one out.");
        return new(
            workers?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            parse.GetValue(_tensor) ?? 0, parse.GetValue(_pipeline) ?? 0, parse.GetValue(_shares) ?? "", plan,
            parse.GetValue(_collective) ?? CollectiveAlgorithm.Auto, parse.GetValue(_wire) ?? WireFormat.F32,
            parse.GetValue(_key))
        {
            StepsInFlight = parse.GetValue(_inFlight),
            WantsReport = parse.GetValue(_report),
            RecoverWithin = TimeSpan.FromSeconds(parse.GetValue(_recoverWithin) ?? 60),
            TracePath = parse.GetValue(_trace),
        };
    }

    private string? Astray(ParseResult parse, List<string> cuts) =>
        cuts.Count > 0 ? cuts[0]
        : parse.GetValue(_inFlight) is not null ? _inFlight.Name
        : parse.GetValue(_report) ? _report.Name
        : parse.GetValue(_trace) is not null ? _trace.Name
        : parse.GetValue(_recoverWithin) is not null ? _recoverWithin.Name
        : null;
}
