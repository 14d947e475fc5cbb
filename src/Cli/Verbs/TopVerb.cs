using System.CommandLine;
using Minka.Cli.Machines;
using Minka.Cli.Options;
using Minka.Cluster.Metrics;

namespace Minka.Cli.Verbs;

/// <summary>What the ranks of a cluster are doing, again and again where a person looks.</summary>
internal sealed class TopVerb : IVerb
{
    private readonly Terminal _terminal;
    private readonly Argument<string> _workers = WorkerList.Argument();

    private readonly Option<double?> _interval = Flag.Number(["--interval", "-i"], "SECONDS", 0.1, 3600.0,
        "Time between two looks (default: 1).");

    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object, once.");

    private readonly Option<string?> _trace = Flag.Text(["--trace"], "FILE",
        "Write what every rank did in the last seconds, for ui.perfetto.dev, and leave.");

    private readonly Option<double?> _window = Flag.Number(["--window"], "SECONDS", 0.001, 3600.0,
        "How far --trace looks back (default: 10).");

    private readonly Option<string?> _key = ClusterFlags.KeyOption();

    public TopVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_workers);
    }

    public Command Command { get; } = new("top", "Watch what workers do: steps, waits, links, memory.");

    public IReadOnlyList<OptionGroup> Groups =>
        [new("Output", [_interval, _json, _trace, _window]), new("Workers", [_key])];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka top 127.0.0.1:9001,127.0.0.1:9002", "until Ctrl+C; once if the output is a pipe"),
        new("minka top pi1:9000,pi2:9000 --json", "everything since the start, for a program"),
        new("minka top pi1:9000,pi2:9000 --trace now.json --window 5", "the last five seconds as a picture"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var addresses = WorkerList.Read(parse.GetValue(_workers)!);
        using var monitor = new ClusterMonitor(addresses, ClusterKey.Read(parse.GetValue(_key)), _terminal.Time);
        if (parse.GetValue(_trace) is { } path)
            return await TraceAsync(monitor, path, parse.GetValue(_window) ?? 10, cancellation);

        var first = await monitor.StatusAsync(cancellation);
        if (parse.GetValue(_json))
        {
            _terminal.Out.WriteLine(TopTable.ForPrograms(first));
            return Code(first);
        }
        return await WatchAsync(monitor, first, TimeSpan.FromSeconds(parse.GetValue(_interval) ?? 1), cancellation);
    }

    /// <summary>Rates are what happened between two looks, so even a pipe gets the second.</summary>
    private async Task<int> WatchAsync(
        ClusterMonitor monitor, IReadOnlyList<WorkerStatus> before, TimeSpan interval, CancellationToken cancellation)
    {
        while (true)
        {
            var start = _terminal.Time.GetTimestamp();
            await Task.Delay(interval, _terminal.Time, cancellation)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested) return ExitCodes.Ok;
            var after = await monitor.StatusAsync(cancellation);
            if (_terminal.IsOutputSeen && _terminal.WantsColours) _terminal.Out.Write("\e[H\e[2J");
            TopTable.Write(_terminal, before, after, _terminal.Time.GetElapsedTime(start));
            if (!_terminal.IsOutputSeen) return Code(after);
            before = after;
        }
    }

    private async Task<int> TraceAsync(
        ClusterMonitor monitor, string path, double seconds, CancellationToken cancellation)
    {
        var ranks = await monitor.TraceAsync(TimeSpan.FromSeconds(seconds), monitor.Clock, cancellation);
        await using var file = File.Create(path);
        ChromeTrace.Write(file, ranks);
        _terminal.Out.WriteLine($"{path}: {ranks.Sum(rank => rank.Entries.Count)} spans of {ranks.Count} workers; open "
            + "it in ui.perfetto.dev or chrome://tracing.");
        return ExitCodes.Ok;
    }

    private static int Code(IReadOnlyList<WorkerStatus> workers) =>
        workers.All(worker => worker.Status is not null) ? ExitCodes.Ok : ExitCodes.Failure;
}
