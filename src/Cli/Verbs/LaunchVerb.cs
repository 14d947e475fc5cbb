using System.CommandLine;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Plan;

namespace Minka.Cli.Verbs;

/// <summary>Starts every rank of a plan as a process of this machine.</summary>
internal sealed class LaunchVerb : IVerb
{
    private readonly Terminal _terminal;

    private readonly Argument<string> _plan = new("plan")
    {
        HelpName = "PLAN",
        Description = "A plan whose addresses are this machine's, as minka plan new writes it.",
    };

    private readonly Option<string[]> _models = Flag.Texts(["--model", "-m"], "FILE",
        "The model, where it is not where the root has it.");

    private readonly Option<int?> _threads = Flag.Number(["--threads", "-t"], "N", 1, 1024,
        "Compute threads of each rank (default: cores shared out).");

    private readonly Option<string?> _key = ClusterFlags.KeyOption();

    public LaunchVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_plan);
    }

    public Command Command { get; } = new("launch", "Start all workers of a plan on this machine; Ctrl+C ends them.");

    public IReadOnlyList<OptionGroup> Groups => [new("Workers", [_models, _threads, _key])];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka plan new two.yaml --workers 127.0.0.1:9001,127.0.0.1:9002", "a plan for the built-in model"),
        new("minka launch two.yaml", "both workers, until Ctrl+C"),
        new("minka run --plan two.yaml \"What is 12 + 30?\"", "in another window"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var path = parse.GetValue(_plan)!;
        var plan = PlanFile.Read(path);
        PlanRules.Require(plan);
        var ranks = plan.Replicas.SelectMany(replica => replica.Stages).SelectMany(stage => stage.Ranks).ToList();
        LocalWorkers.RequireLocal(ranks);
        var threads = parse.GetValue(_threads) ?? LocalWorkers.ThreadsOfEach(ranks.Count);
        using var ended = Terminations.LinkedTo(cancellation);
        await using var workers = new LocalWorkers(_terminal);
        foreach (var rank in ranks)
            workers.Start(rank, threads, parse.GetValue(_models) ?? [], parse.GetValue(_key));

        if (await workers.AllListenAsync(ended.Token))
            _terminal.Out.WriteLine($"All {ranks.Count} workers listen, {threads} "
                + $"thread{(threads == 1 ? "" : "s")} each; minka run --plan {path} uses them. Ctrl+C ends them.");
        var gone = await workers.OneEndsAsync(ended.Token);
        if (gone is null) return ExitCodes.Ok;
        _terminal.Complain($"{gone} The other workers are ended.");
        return ExitCodes.Failure;
    }
}
