using System.CommandLine;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Plan;

namespace Minka.Cli.Verbs;

/// <summary>Plans as files: made from a model and machines, and checked before anything is started.</summary>
internal sealed class PlanVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new();

    private readonly Argument<string[]> _words = new("words")
    {
        HelpName = "new|check [FILE]",
        Description = "new writes a plan to FILE, or to the output; check says what is wrong with one.",
        Arity = new ArgumentArity(1, 2),
    };

    private readonly Option<string?> _topology = Flag.Text(["--topology"], "FILE",
        "The machines and their memory, as minka probe --topology writes them.");

    private readonly Option<int?> _memory = Flag.Number(["--memory"], "MIB", 1, int.MaxValue,
        "Memory of every machine, where there is no topology.");

    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print JSON.");

    public PlanVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_words);
    }

    public Command Command { get; } = new("plan", "Make a plan of who runs which part of a model, or check one.");

    public IReadOnlyList<OptionGroup> Groups =>
        [new("Check", [_topology, _memory]), new("Output", [_json]), _modelFlags.Cuts, _modelFlags.Planned];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka plan new home.yaml -m model.gguf --workers pi1:9000,pi2:9000,pi3:9000,pi4:9000 --tp 2 --pp 2",
            "four machines: two stages of two"),
        new("minka plan new uneven.yaml -m model.gguf --workers desktop:9000,pi1:9000 --shares 4,1",
            "the first machine gets four fifths of every layer"),
        new("minka plan check home.yaml", "who gets what and how much memory it takes"),
        new("minka plan check home.yaml --memory 4096", "does it fit on machines of 4 GiB?"),
        new("minka run --plan home.yaml -m model.gguf \"Who are you?\"", "use it; launch tries it on this machine"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var words = parse.GetValue(_words)!;
        var file = words.ElementAtOrDefault(1);
        return Task.FromResult(words[0] switch
        {
            "new" => New(parse, file),
            "check" => Check(parse, file ?? throw new UsageException("There is no plan; name its file.")),
            var other => throw new UsageException($"A plan cannot be '{other}'; minka plan takes new or check."),
        });
    }

    private int New(ParseResult parse, string? file)
    {
        var choice = _modelFlags.Read(parse, null);
        if (choice.Cluster is null)
            throw new UsageException("There is no machine to plan for; name some with --workers HOST:PORT,...");
        var plan = Composition.MakePlan(choice);
        var isJson = parse.GetValue(_json) || file?.EndsWith(".json", StringComparison.OrdinalIgnoreCase) == true;
        var text = isJson ? PlanJson.Write(plan) + "\n" : PlanJson.WriteYaml(plan);
        if (file is null or "-")
        {
            _terminal.Out.Write(text);
            return ExitCodes.Ok;
        }
        File.WriteAllText(file, text);
        PlanTable.Write(_terminal, plan);
        return ExitCodes.Ok;
    }

    private int Check(ParseResult parse, string file)
    {
        var plan = PlanFile.Read(file);
        var found = PlanRules.Check(plan, Topology(parse, plan)).ToList();
        if (_modelFlags.IsNamed(parse)) CheckModel(plan, _modelFlags.Read(parse, null), found);
        if (parse.GetValue(_json)) _terminal.Out.WriteLine(PlanTable.ForPrograms(plan, found));
        else
        {
            if (found.Count == 0) PlanTable.Write(_terminal, plan);
            foreach (var violation in found) _terminal.Complain(violation.ToString());
        }
        return found.Count == 0 ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private static void CheckModel(ClusterPlan plan, ModelChoice choice, List<PlanViolation> found)
    {
        if (Composition.ShapeOf(choice) is var shape && shape.Hash != plan.Model.Hash)
            found.Add(new("model", $"The plan cuts '{plan.Model.Name}' of hash {PlanFile.Short(plan.Model.Hash)}; "
                + $"'{choice.Name}' is {PlanFile.Short(shape.Hash)}. Make the plan again for it."));
    }

    /// <summary>From a file, or machines alike; null leaves memory unchecked.</summary>
    private Topology? Topology(ParseResult parse, ClusterPlan plan)
    {
        var (file, mebibytes) = (parse.GetValue(_topology), parse.GetValue(_memory));
        if (file is not null && mebibytes is not null)
            throw new UsageException("--topology says what --memory says; leave one out.");
        if (file is not null) return PlanFile.ReadTopology(file);
        if (mebibytes is not { } each) return null;
        var names = plan.Replicas.SelectMany(replica => replica.Stages).SelectMany(stage => stage.Ranks)
            .Select(rank => rank.Node).Concat(plan.Replicas.Select(replica => replica.Root)).Distinct();
        return new([.. names.Select(name => new NodeSpec
        {
            Name = name, Address = name, MemoryBytes = (long)each << 20,
            Devices = [new() { Kind = "cpu", Threads = 1, ReadBytesPerSecond = default, FlopsPerSecond = default }],
        })], []);
    }
}
