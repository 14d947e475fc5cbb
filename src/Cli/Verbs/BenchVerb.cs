using System.CommandLine;
using Minka.Cli.Machines;
using Minka.Cli.Measuring;
using Minka.Cli.Options;
using Minka.Compute.Cpu;

namespace Minka.Cli.Verbs;

/// <summary>How fast a model is here, in llama-bench's words.</summary>
internal sealed class BenchVerb : IVerb
{
    private enum Output
    {
        Markdown,
        Json,
        Csv,
    }

    private readonly Terminal _terminal;
    private readonly ModelFlags _modelFlags = new(isThreadsList: true);

    private readonly Option<IReadOnlyList<int>?> _prompts = Flag.Numbers(["--n-prompt", "-p"], "N,N", 0, 1 << 20,
        "Lengths of prompts (default: 512); 0 for none.");

    private readonly Option<IReadOnlyList<int>?> _generated = Flag.Numbers(["--n-gen", "-n"], "N,N", 0, 1 << 20,
        "Tokens to make one by one (default: 128); 0 for none.");

    private readonly Option<IReadOnlyList<int>?> _depths = Flag.Numbers(["--n-depth", "-d"], "N,N", 0, 1 << 20,
        "Tokens that are already there (default: 0).");

    private readonly Option<int?> _repetitions = Flag.Number(["--repetitions", "-r"], "N", 1, 1000,
        "Times each test is run after warming up (default: 5).");

    private readonly Option<int?> _step = Flag.Number(["--ubatch-size", "-ub"], "N", 1, 8192,
        "Tokens of one step (default: 512).");

    private readonly Option<Output?> _output = Flag.Choice<Output>(["--output", "-o"],
        [("md", Output.Markdown), ("json", Output.Json), ("csv", Output.Csv)],
        "How the table is written (default: md).");

    private readonly Argument<string?> _model = ModelFlags.Argument();

    /// <param name="terminal">Where it writes.</param>
    /// <param name="serve"><c>bench serve</c>.</param>
    public BenchVerb(Terminal terminal, IVerb serve)
    {
        (_terminal, Verbs) = (terminal, [serve]);
        Command.Arguments.Add(_model);
    }

    public Command Command { get; } = new("bench", "Measure how fast a model is here, in llama-bench's table.");

    public IReadOnlyList<IVerb> Verbs { get; }

    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Tests", [_prompts, _generated, _depths, _repetitions, _step]), new("Output", [_output]),
        _modelFlags.Group, _modelFlags.Machines,
    ];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka bench", "the built-in model: a prompt of 512 tokens, then 128 tokens one by one"),
        new("minka bench model.gguf -t 1,2,4 -r 3", "one row for each number of threads"),
        new("minka bench -m model.gguf -p 0 -n 64 -d 0,1024 -o json", "decoding at two depths, for a program"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var tests = Tests(parse);
        var output = parse.GetValue(_output) ?? Output.Markdown;
        var choice = _modelFlags.Read(parse, parse.GetValue(_model));
        var rows = new List<BenchRow>();
        foreach (var threads in _modelFlags.ThreadCounts(parse))
        {
            using var open = Composition.Open(choice with { Threads = threads }, _terminal,
                new ModelRoom(tests.Max(test => test.Positions), parse.GetValue(_step) ?? 512));
            if (_terminal.IsErrorSeen) _terminal.Error.WriteLine(_terminal.Dim($"KV cache: {open.KvCache}"));
            var subject = Subject(open, parse.GetValue(_step) ?? 512);
            var run = new BenchRun(open.Model, _terminal.Time);
            if (output == Output.Markdown && rows.Count == 0) _terminal.Out.WriteLine(BenchReport.MarkdownHead());
            foreach (var test in tests)
            {
                var result = run.Measure(test, parse.GetValue(_repetitions) ?? 5, cancellation);
                rows.Add(new(subject, open.Backend.Threads, result, _terminal.Time.GetUtcNow()));
                if (output == Output.Markdown) _terminal.Out.WriteLine(BenchReport.Markdown(rows[^1]));
                if (output == Output.Csv && rows.Count == 1) _terminal.Out.WriteLine(BenchReport.CsvHead(rows[0]));
                if (output == Output.Csv) _terminal.Out.WriteLine(BenchReport.Csv(rows[^1]));
            }
            await new ClusterRun(open, choice.Cluster, _terminal).EndAsync();
        }
        if (output == Output.Json) _terminal.Out.WriteLine(BenchReport.Json(rows));
        return ExitCodes.Ok;
    }

    private List<BenchTest> Tests(ParseResult parse)
    {
        var tests = new List<BenchTest>();
        foreach (var depth in parse.GetValue(_depths) ?? [0])
        {
            tests.AddRange((parse.GetValue(_prompts) ?? [512]).Select(count => new BenchTest(count, 0, depth)));
            tests.AddRange((parse.GetValue(_generated) ?? [128]).Select(count => new BenchTest(0, count, depth)));
        }
        tests.RemoveAll(test => test.Tokens == 0);
        return tests.Count > 0 ? tests : throw new UsageException("-p and -n are both 0; there is nothing to measure.");
    }

    private static BenchSubject Subject(OpenModel open, int step)
    {
        var stored = open.Package.Weights.Stored;
        var parameters = stored.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
        var type = stored.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.Bytes))!.Key;
        var config = open.Package.Config;
        return new BenchSubject(
            open.Package.Weights.Path, $"{config.Architecture} {BenchReport.Count(parameters)} {type}",
            stored.Sum(tensor => tensor.Bytes), parameters, open.Model.Memory.DecodeBytes, CpuInfo.Read().Model, "CPU",
            step, open.KvType.ToString().ToLowerInvariant(), MemoryBandwidth.Measure(open.Backend.Threads),
            ProgramVersion.Text);
    }
}
