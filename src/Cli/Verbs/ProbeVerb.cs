using System.CommandLine;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cluster;

namespace Minka.Cli.Verbs;

/// <summary>Measures machines and the links between them.</summary>
internal sealed class ProbeVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _workers = WorkerList.Argument();
    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object.");

    private readonly Option<bool> _topology = Flag.Switch(["--topology"],
        "Print the topology as YAML, for minka plan check --topology.");

    private readonly Option<string?> _key = ClusterFlags.KeyOption();

    public ProbeVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_workers);
    }

    public Command Command { get; } = new("probe", "Measure machines that run minka worker, and their links.");

    public IReadOnlyList<OptionGroup> Groups => [new("Output", [_json, _topology]), new("Workers", [_key])];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka probe 127.0.0.1:9001,127.0.0.1:9002", "two workers on this machine"),
        new("minka probe pi1:9000,pi2:9000,pi3:9000,pi4:9000 --key-file cluster.key", "four machines, six links"),
        new("minka probe pi1:9000,pi2:9000 --topology > home.topology.yaml", "what the planner wants to know"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var addresses = WorkerList.Read(parse.GetValue(_workers)!);
        var (machines, links, problem) = await ClusterProbe.RunAsync(
            addresses, ClusterKey.Read(parse.GetValue(_key)), Tell, cancellation);
        if (parse.GetValue(_json)) _terminal.Out.WriteLine(ProbeReport.ForPrograms(machines, links, problem));
        else if (parse.GetValue(_topology)) _terminal.Out.Write(ProbeReport.Topology(machines, links));
        else ProbeReport.Write(_terminal, machines, links);
        foreach (var machine in machines.Where(machine => machine.Problem.Length > 0))
            _terminal.Complain($"{machine.Address}: {machine.Problem}");
        if (problem.Length > 0) _terminal.Complain(problem);
        return problem.Length == 0 && machines.All(machine => machine.Problem.Length == 0)
            ? ExitCodes.Ok
            : ExitCodes.Failure;
    }

    private void Tell(string what)
    {
        if (_terminal.IsErrorSeen) _terminal.Error.WriteLine(_terminal.Dim($"measuring {what} ..."));
    }
}
