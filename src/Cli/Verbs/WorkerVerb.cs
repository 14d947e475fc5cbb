using System.CommandLine;
using System.Net;
using Minka.Cli.Options;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Cluster.Weights;
using Minka.Cluster.Workers;

namespace Minka.Cli.Verbs;

/// <summary>Lends this machine to clusters, until it is told to end.</summary>
internal sealed class WorkerVerb : IVerb
{
    private const int CacheMib = 64 << 10;

    private readonly Terminal _terminal;

    private readonly Option<string?> _listen = Flag.Text(["--listen"], "HOST:PORT",
        "Where to listen (default: 127.0.0.1:9000).");

    private readonly Option<string[]> _models = Flag.Texts(["--model", "-m"], "FILE",
        "A copy of a model on this machine; give it once for each.");

    private readonly Option<int?> _threads = Flag.Number(["--threads", "-t"], "N", 1, 1024,
        "Compute threads (default: one per core).");

    private readonly Option<int?> _memory = Flag.Number(["--memory"], "MIB", 1, int.MaxValue,
        "Memory that may be used (default: what is free).");

    private readonly Option<string?> _cache = Flag.Text(["--cache-dir"], "DIR",
        "Where slices of models are kept (default: ~/.cache/minka/slices).");

    private readonly Option<int?> _cacheMax = Flag.Number(["--cache-max"], "MIB", 1, int.MaxValue,
        "Most of it that is kept (default: 65536).");

    private readonly Option<string?> _metrics = Flag.Text(["--metrics"], "HOST:PORT",
        "Where Prometheus finds /metrics (default: nowhere).");

    private readonly Option<bool> _piped = Flag.Switch(["--until-eof"],
        "End when standard input does; minka launch uses it.");

    private readonly Option<string?> _key = ClusterFlags.KeyOption();

    public WorkerVerb(Terminal terminal) => _terminal = terminal;

    public Command Command { get; } = new("worker", "Lend this machine to a cluster; --workers elsewhere names it.");

    public IReadOnlyList<OptionGroup> Groups =>
        [new("Worker", [_listen, _models, _threads, _memory, _cache, _cacheMax, _metrics, _piped, _key])];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka worker --listen 127.0.0.1:9001", "on this machine, to try it"),
        new("minka worker --listen 0.0.0.0:9000 --key-file cluster.key", "for other machines"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        await using var worker = await StartAsync(new WorkerOptions
        {
            EndPoint = EndPoint(parse.GetValue(_listen) ?? "127.0.0.1:9000", "--listen"),
            Key = ClusterKey.Read(parse.GetValue(_key)),
            Threads = parse.GetValue(_threads) ?? 0,
            MemoryBytes = (long?)parse.GetValue(_memory) << 20,
            Models = [.. (parse.GetValue(_models) ?? []).Select(ModelLocator.Locate)],
            CacheFolder = parse.GetValue(_cache) ?? SliceCache.DefaultFolder,
            CacheBytesMax = (long)(parse.GetValue(_cacheMax) ?? CacheMib) << 20,
            Metrics = parse.GetValue(_metrics) is { } metrics ? EndPoint(metrics, "--metrics") : null,
            Build = ProgramVersion.Text,
            Log = line => _terminal.Error.WriteLine(line),
            Time = _terminal.Time,
        });
        _terminal.Out.WriteLine($"Worker at {worker.EndPoint}; waiting for a root. Ctrl+C ends it.");
        _terminal.Out.Flush();
        using var ended = Terminations.LinkedTo(cancellation);
        var until = Task.Delay(Timeout.InfiniteTimeSpan, _terminal.Time, ended.Token);
        if (parse.GetValue(_piped)) until = Task.WhenAny(until, Task.Run(EndOfInput, CancellationToken.None));
        await until.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCodes.Ok;
    }

    private static async Task<Worker> StartAsync(WorkerOptions options)
    {
        try
        {
            return await Listening.StartAsync(
                options.EndPoint.ToString(), "--listen", "--listen", () => Worker.StartAsync(options));
        }
        catch (InvalidOperationException noKey)
        {
            throw new ClusterException(noKey.Message, noKey);
        }
    }

    private void EndOfInput()
    {
        while (_terminal.In.ReadLine() is not null)
        {
            // Whatever is typed is nothing to a worker.
        }
    }

    private static IPEndPoint EndPoint(string text, string option)
    {
        if (IPEndPoint.TryParse(text, out var numbers)) return numbers;
        if (text.StartsWith("localhost:", StringComparison.Ordinal)
            && ushort.TryParse(text.AsSpan("localhost:".Length), out var port)) return new(IPAddress.Loopback, port);
        throw new UsageException($"{option} is '{text}'; it takes an address and a port, such as 0.0.0.0:9000.");
    }
}
