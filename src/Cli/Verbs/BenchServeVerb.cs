using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Minka.Cli.Measuring;
using Minka.Cli.Options;
using Minka.Compute.Cpu;
using Minka.LoadTest;
using Minka.LoadTest.Results;

namespace Minka.Cli.Verbs;

/// <summary>How fast a server is to its clients, in the words of vLLM's <c>bench serve</c>.</summary>
internal sealed class BenchServeVerb(Terminal terminal) : IVerb
{
    private readonly LoadTargetFlags _target = new();
    private readonly LoadDataFlags _data = new();
    private readonly LoadLevelFlags _levels = new();

    private readonly Option<string?> _metrics = Flag.Text(["--percentile-metrics"], "NAME,NAME",
        "Times to print: ttft, ttft_from_send, tpot, itl, e2el (default: ttft,tpot,itl,e2el).");

    private readonly Option<string?> _percents = Flag.Text(["--metric-percentiles"], "P,P",
        "Percentiles of each (default: 90,99).");

    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object instead of tables.");
    private readonly Option<string?> _html = Flag.Text(["--html"], "FILE", "Write a report with plots, one file.");
    private readonly Option<string?> _label = Flag.Text(["--label"], "NAME", "What reports call this run.");

    private readonly Option<string?> _compare = Flag.Text(["--compare"], "FILE",
        "Show a saved result beside this one.");

    private readonly Option<string[]> _from = Flag.Texts(["--from"], "FILE",
        "Measure nothing, report saved results; repeatable, levels come together.");

    private readonly Option<bool> _save = Flag.Switch(["--save-result"], "Write the result as JSON.");
    private readonly Option<bool> _detailed = Flag.Switch(["--save-detailed"], "With the times of every request.");
    private readonly Option<string?> _folder = Flag.Text(["--result-dir"], "FOLDER", "Where to (default: here).");
    private readonly Option<string?> _file = Flag.Text(["--result-filename"], "FILE",
        "Its name (default: label, load, model and time).");

    private readonly Option<string[]> _metadata = LoadLevelFlags.Several("--metadata", "KEY=VALUE",
        "Written into the result: version=0.3 threads=2.");

    private readonly Option<bool> _noBar = Flag.Switch(["--disable-tqdm"], "No progress bar.");

    public Command Command { get; } = new("serve", "Measure how fast a server is to its clients; any OpenAI server.");

    public IReadOnlyList<OptionGroup> Groups =>
    [
        _target.Server, _data.Group, _levels.Group, _target.Request,
        new("What is told", [.. _levels.Targets, _metrics, _percents, _json, _html, _label, _compare, _from]),
        new("What is kept", [_save, _detailed, _folder, _file, _metadata, _noBar]),
    ];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka bench serve --port 8000 --max-concurrency 4", "four users, 100 requests of random words"),
        new("minka bench serve --sweep-concurrency 1,2,4,8,16 --html report.html", "where the server saturates"),
        new("minka bench serve --backend openai-chat --sweep-rate 0.5,1,2,4 --refine 3 --goodput ttft:500 tpot:80",
            "the highest rate within targets"),
        new("minka bench serve --dataset-name trace --dataset-path conv.csv --trace-speed 0.1 --num-prompts 200",
            "recorded traffic at a tenth of its speed"),
        new("minka bench serve --from a.json --compare b.json --html both.html", "two saved runs side by side"),
    ];

    public async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var metrics = Metrics(parse);
        var other = parse.GetValue(_compare) is { } path ? ReportFile.Read(path) : null;
        var report = parse.GetValue(_from) is { Length: > 0 } files
            ? Merge(files.Select(ReportFile.Read).ToList(), parse.GetValue(_label))
            : await MeasureAsync(parse, cancellation);
        if (parse.GetValue(_json)) terminal.Out.WriteLine(ReportJson.Write(report, parse.GetValue(_detailed), true));
        else Print(report, other, metrics);
        Save(parse, report);
        WriteHtml(parse, report, other);
        return report.Levels.Any(level => level.IsInterrupted) ? ExitCodes.Interrupted
            : report.Levels.All(level => level.Summary.Completed == 0) ? ExitCodes.Failure : ExitCodes.Ok;
    }

    private async Task<LoadReport> MeasureAsync(ParseResult parse, CancellationToken cancellation)
    {
        var data = _data.Read(parse);
        var target = _target.Read(parse, data.IsLengthGiven);
        var plan = new LoadPlan
        {
            Workload = data.Draw,
            Levels = _levels.Read(parse, data),
            Requests = Math.Min(
                _data.Requests(parse), data.Recorded is { Count: > 0 } times ? times.Count : int.MaxValue),
            RequestsPerUser = _data.RequestsPerUser(parse),
            Warmups = _data.Warmups(parse),
            Seed = _data.Seed(parse),
            Slo = _levels.Slo(parse),
            AttainmentWanted = _levels.AttainmentWanted(parse),
            Refinements = _levels.Refinements(parse),
            Percents = Percents(parse),
        };
        var metadata = (parse.GetValue(_metadata) ?? [])
            .Select(text => LoadTargetFlags.Pair("--metadata", text)).ToList();
        var date = terminal.Time.GetUtcNow();
        using var server = await LoadServer.MeetAsync(
            target, _target.ReadyTimeout(parse), data.NeedsRuler, terminal.Time, cancellation);
        var levels = await new LoadSweep(server, plan).RunAsync(level => Bar(parse, level), cancellation);
        return new(new LoadSetting
        {
            Label = parse.GetValue(_label) ?? server.Target.BaseUrl.Authority,
            Url = server.Target.BaseUrl.ToString(),
            Backend = LoadTargetFlags.Backend(target),
            Model = server.Target.Model,
            ServerVersion = server.Version,
            Workload = data.Description,
            TokenCounts = data.NeedsRuler ? server.Ruler.Method : "the data set's own texts",
            Machine = Machine(),
            Tool = $"minka bench serve {ProgramVersion.Text}",
            Date = date,
            Seed = plan.Seed,
            Slo = plan.Slo,
            AttainmentWanted = plan.AttainmentWanted,
            Metadata = metadata,
        }, levels.Count > 0 ? levels : throw new OperationCanceledException(cancellation));
    }

    private LoadProgressLine? Bar(ParseResult parse, LoadLevel level) =>
        terminal.IsErrorSeen && !parse.GetValue(_noBar) ? new(terminal, level.Name) : null;

    private static LoadReport Merge(List<LoadReport> reports, string? label) => new(
        reports[0].Setting with { Label = label ?? reports[0].Setting.Label },
        Rounds.Pool(reports.SelectMany(report => report.Levels), reports[0].Setting.Slo));

    private void Print(LoadReport report, LoadReport? other, IReadOnlyCollection<string> metrics)
    {
        if (report.Levels is [var only]) terminal.Out.Write(ResultTable.Level(only, metrics));
        else terminal.Out.Write(ResultTable.Sweep(report));
        if (other is not null) terminal.Out.Write("\n" + ResultTable.Comparison(report, other));
        foreach (var note in Notes(report)) terminal.Error.WriteLine(terminal.Dim(note));
    }

    /// <summary>What the reader should know before trusting the numbers.</summary>
    private static IEnumerable<string> Notes(LoadReport report)
    {
        if (report.Setting.TokenCounts.Length > 0) yield return $"Prompt lengths: {report.Setting.TokenCounts}.";
        if (report.Levels.Any(level => !level.Summary.IsCounted))
            yield return "The server counts no tokens; pieces of output were counted instead.";
        if (report.Levels.Max(level => level.Summary.SendLagMs) is > 20 and var lag)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"Requests were sent up to {lag:F0} ms late: this machine is busy, and what it measures is too long.");
        if (report.Levels.Any(level => level.IsInterrupted)) yield return "Interrupted; this is what there was.";
    }

    private void Save(ParseResult parse, LoadReport report)
    {
        if (!parse.GetValue(_save) && parse.GetValue(_file) is null) return;
        var setting = report.Setting;
        var load = report.Levels is [var only] ? only.Name : "sweep";
        var date = setting.Date.ToString(ReportJson.DateFormat, CultureInfo.InvariantCulture);
        var name = parse.GetValue(_file) ?? Clean($"{setting.Label}-{load}-{setting.Model}-{date}.json");
        var path = Path.Combine(Directory.CreateDirectory(parse.GetValue(_folder) ?? ".").FullName, name);
        File.WriteAllText(path, ReportJson.Write(report, parse.GetValue(_detailed)) + "\n");
    }

    private void WriteHtml(ParseResult parse, LoadReport report, LoadReport? other)
    {
        if (parse.GetValue(_html) is not { } path) return;
        File.WriteAllText(path, Minka.LoadTest.Report.HtmlReport.Write(report, other));
        terminal.Error.WriteLine(terminal.Dim($"Report: {path}"));
    }

    private string[] Metrics(ParseResult parse)
    {
        var names = (parse.GetValue(_metrics) ?? "ttft,tpot,itl,e2el").Split(',', StringSplitOptions.TrimEntries);
        return names.FirstOrDefault(name => !MetricNames.All.Contains(name)) is { } unknown
            ? throw new UsageException(
                $"--percentile-metrics names '{unknown}'; it takes {string.Join(", ", MetricNames.All)}.")
            : names;
    }

    private double[] Percents(ParseResult parse) =>
    [
        .. (parse.GetValue(_percents) ?? "90,99").Split(',').Select(text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
                && percent is >= 0 and <= 100
                ? percent
                : throw new UsageException($"--metric-percentiles is '{text}'; it takes numbers from 0 to 100."))
            .Append(99).Distinct().Order(),
    ];

    private static string Machine()
    {
        var info = CpuInfo.Read();
        return string.Create(CultureInfo.InvariantCulture, $"{info.Model}, {info.PhysicalCores} cores, "
            + $"{info.TotalMemoryBytes / (double)(1L << 30):F0} GiB, {RuntimeInformation.OSDescription}");
    }

    private static string Clean(string name) => string.Concat(name.Select(letter =>
        char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' ? letter : '_'));
}
