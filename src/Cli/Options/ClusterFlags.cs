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
    CollectiveAlgorithm Algorithm, WireFormat Wire, string? KeyPath);

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
         ("two-shot", CollectiveAlgorithm.TwoShot), ("doubling", CollectiveAlgorithm.Doubling),
         ("ring", CollectiveAlgorithm.Ring), ("star", CollectiveAlgorithm.Star)],
        "How machines sum (default: measured).");

    private readonly Option<WireFormat?> _wire = Flag.Choice<WireFormat>(["--wire"],
        [("f32", WireFormat.F32), ("f16", WireFormat.F16), ("q8", WireFormat.Q8)],
        "Numbers between machines (default: f32).");

    private readonly Option<string?> _key = KeyOption();

    /// <summary>In reading order.</summary>
    public IReadOnlyList<Option> Options =>
        [_workers, _tensor, _pipeline, _shares, _plan, _collective, _wire, _key];

    /// <summary>Where the key is.</summary>
    public static Option<string?> KeyOption() => Flag.Text(["--key-file"], "FILE",
        "The key of minka key new (default: MINKA_KEY).");

    /// <summary>What was asked for; null for this machine alone.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public ClusterChoice? Read(ParseResult parse)
    {
        var (workers, plan) = (parse.GetValue(_workers), parse.GetValue(_plan));
        var cuts = Options.Where(option => option != _workers && option != _plan && option != _key
            && parse.GetResult(option) is { Implicit: false }).Select(option => option.Name).ToList();
        if (workers is null && plan is null)
            return cuts.Count == 0
                ? null
                : throw new UsageException($"{cuts[0]} cuts a model over machines; name them with --workers.");
        if (plan is not null && (workers is not null || cuts.Count > 0))
            throw new UsageException($"--plan says all that {(workers is null ? cuts[0] : "--workers")} says; "
                + "leave one out.");
        return new(
            workers?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            parse.GetValue(_tensor) ?? 0, parse.GetValue(_pipeline) ?? 0, parse.GetValue(_shares) ?? "", plan,
            parse.GetValue(_collective) ?? CollectiveAlgorithm.Auto, parse.GetValue(_wire) ?? WireFormat.F32,
            parse.GetValue(_key));
    }
}
