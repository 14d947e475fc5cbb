using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;
using Minka.Cluster.Workers;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>Two workers over loopback run steps; what they say of it adds up.</summary>
public sealed partial class MonitoringTests : IAsyncLifetime
{
    private const int Steps = 12;
    private const int KvBlocks = 8;
    private static readonly StepLimits Limits = new(32, 1, 1, KvBlocks);
    private readonly List<Worker> _workers = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private IWeightFile _file = null!;
    private ClusterModel _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 2; i++)
            _workers.Add(await Worker.StartAsync(new()
            {
                EndPoint = new(IPAddress.Loopback, 0), Threads = 1, Metrics = new(IPAddress.Loopback, 0),
                CacheFolder = Path.Combine(_folder, $"{i}"),
            }));
        _file = ModelFiles.Open(SourceTree.BuiltInModel);
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(_file),
            Workers = [.. _workers.Select(worker => worker.EndPoint.ToString())],
            Kv = new(KvBlocks * 16, KvType.F16),
            Collectives = new() { Hidden = new(CollectiveAlgorithm.OneShot, WireFormat.F16) },
        });
        var holding = new ModelHolding
        {
            Path = SourceTree.BuiltInModel, StepTokens = 32, StepSequences = 1, StepLogitRows = 1,
            StepTableBlocks = KvBlocks,
        };
        _cluster = await Coordinator.StartAsync(
            new(plan, holding, null, TimeSpan.FromSeconds(60)), _file.Config, _ => { }, _cancellation);
        var input = new ForwardInput(Limits);
        var logits = new float[_file.Config.VocabularySize];
        for (var i = 0; i < Steps; i++)
        {
            input.Clear();
            input.AddSequence([7], i, 1, [.. Enumerable.Range(0, KvBlocks)], 1);
            _cluster.Forward(input, logits);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _cluster.Dispose();
        _file.Dispose();
        foreach (var worker in _workers) await worker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_two_clusters_measured_is_said_together()
    {
        var (now, twice) = (_cluster.Executor.Meter.Status(), _cluster.Executor.Meter.Totals());

        twice.Add(_cluster.Executor.Meter.Totals());
        var both = twice.Status(now.ClockNanoseconds);

        Assert.Equal((2 * Steps, 2 * Steps), (both.Steps, both.Tokens));
        Assert.Equal(now.Step.P50, both.Step.P50);
        Assert.Equal(2 * now.StepSeconds, both.StepSeconds, precision: 9);
        Assert.Equal(now.Operations.Select(one => (one.Scope, one.Operation, 2 * one.Count, 2 * one.Bytes)),
            both.Operations.Select(one => (one.Scope, one.Operation, one.Count, one.Bytes)));
        Assert.Equal(now.Operations.Select(one => (one.Total.P95, one.MaxMicroseconds)),
            both.Operations.Select(one => (one.Total.P95, one.MaxMicroseconds)));
        Assert.Equal(now.Links.Select(one => (one.Peer, 2 * one.BytesSent, 2 * one.BytesReceived)),
            both.Links.Select(one => (one.Peer, one.BytesSent, one.BytesReceived)));
    }

    [Fact]
    public async Task Ranks_count_their_steps_and_sums_and_say_where_the_time_went()
    {
        var ranks = await RanksAsync();

        Assert.Equal([0, 1], ranks.Select(rank => rank.Rank));
        Assert.All(ranks, rank =>
        {
            Assert.Equal((WorkerState.Running, Steps, Steps), (rank.State, rank.Steps, rank.Tokens));
            Assert.Equal((0, _file.Config.Layers), (rank.LayerFirst, rank.LayerEnd));
            // Two sums a layer and one for the embedding, whose rows are cut; a value has two bytes in f16.
            var sums = Assert.Single(rank.Operations, one => one is { Scope: "stage", Operation: "all-reduce" });
            Assert.Equal(Steps * ((2 * _file.Config.Layers) + 1), sums.Count);
            Assert.Equal(sums.Count * _file.Config.Width * 2, sums.Bytes);
            // Nearly all of it; a busy machine may take the processor away between two of the parts, of some steps
            // for long.
            Assert.InRange(rank.ComputeSeconds + sums.WaitSeconds + sums.TransferSeconds + sums.ReduceSeconds,
                Steps * rank.Step.P50 / 1e6 * 0.05, rank.StepSeconds * 1.01);
            Assert.True(rank.Step.P50 > 0 && rank.Step.P50 <= rank.Step.P99);
            Assert.True(rank.WeightBytes > 0 && rank.MemoryBytes > rank.WeightBytes);
            // To the other rank, and to the root (rank 2).
            Assert.Equal([1 - rank.Rank, 2], rank.Links.Select(link => link.Peer));
            Assert.True(rank.Links[0].BytesSent > sums.Bytes);
        });
    }

    [Fact]
    public async Task What_one_rank_sent_the_other_received()
    {
        var ranks = await RanksAsync();

        Assert.Equal(ranks[0].Links[0].BytesSent, ranks[1].Links[0].BytesReceived);
        Assert.Equal(ranks[1].Links[0].BytesSent, ranks[0].Links[0].BytesReceived);
    }

    [Fact]
    public async Task A_trace_is_what_Perfetto_reads_with_a_process_for_each_rank()
    {
        await RanksAsync();
        var log = _cluster.Executor.Meter.Trace;
        var ranks = await _cluster.Monitor!.TraceAsync(TimeSpan.FromHours(1), () => log.Now, _cancellation);
        using var text = new MemoryStream();

        ChromeTrace.Write(text, [new(2, "root", 0, 0, log.Since(0)), .. ranks]);

        using var json = JsonDocument.Parse(text.ToArray());
        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var names = events.Where(one => one.GetProperty("name").GetString() == "process_name")
            .ToDictionary(one => one.GetProperty("pid").GetInt32(),
                one => one.GetProperty("args").GetProperty("name").GetString());
        Assert.Equal("root", names[2]);
        Assert.StartsWith($"rank 0, {_workers[0].EndPoint}, layers 0-", names[0], StringComparison.Ordinal);
        Assert.Equal(3, names.Count);
        for (var process = 0; process < 3; process++)
            Assert.Equal(Steps, events.Count(one => Is(one, "step", process)));
        Assert.All(events.Where(one => one.GetProperty("ph").GetString() == "X"), one =>
            Assert.True(one.GetProperty("ts").GetDouble() >= 0 && one.GetProperty("dur").GetDouble() >= 0));
    }

    [Fact]
    public async Task Clocks_are_moved_so_that_a_ranks_steps_lie_within_the_roots()
    {
        await RanksAsync();
        var log = _cluster.Executor.Meter.Trace;
        var ranks = await _cluster.Monitor!.TraceAsync(TimeSpan.FromHours(1), () => log.Now, _cancellation);

        var root = log.Since(0).Where(entry => entry.Name == "step").ToList();
        foreach (var rank in ranks)
        {
            var steps = rank.Entries.Where(entry => entry.Name == "step").ToList();
            var slack = rank.ErrorNanoseconds + 2_000_000; // the rank may sleep between its last byte and its note
            Assert.All(root.Zip(steps), both =>
            {
                var start = both.Second.Start - rank.OffsetNanoseconds;
                Assert.InRange(start, both.First.Start - slack, both.First.Start + both.First.Duration + slack);
            });
        }
    }

    [Fact]
    public async Task Prometheus_reads_what_a_worker_says()
    {
        await RanksAsync();
        using var http = new HttpClient();

        var reply = await http.GetAsync($"http://{_workers[1].MetricsEndPoint}/metrics", _cancellation);
        var elsewhere = await http.GetAsync($"http://{_workers[1].MetricsEndPoint}/", _cancellation);

        var lines = (await reply.Content.ReadAsStringAsync(_cancellation)).TrimEnd('\n').Split('\n');
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", reply.Content.Headers.ContentType!.ToString());
        Assert.All(lines, line => Assert.Matches(Line(), line));
        Assert.Contains($"minka_rank_steps_total{{rank=\"1\"}} {Steps}", lines);
        Assert.Contains("minka_rank_running{rank=\"1\"} 1", lines);
        const string wait = "scope=\"stage\",operation=\"all-reduce\",part=\"wait\",quantile=\"0.99\"";
        Assert.Contains(lines, line => line.StartsWith(
            $"minka_operation_seconds{{rank=\"1\",{wait}}}", StringComparison.Ordinal));
        // A metric's rows stand together, below one head.
        var heads = lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).ToList();
        Assert.Equal(heads.Count, heads.Distinct().Count());
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task A_busy_worker_is_not_probed()
    {
        var (machines, links, problem) = await ClusterProbe.RunAsync(
            [.. _workers.Select(worker => worker.EndPoint.ToString())], null, _ => { }, _cancellation);

        Assert.All(machines, machine => Assert.Contains("runs for a root", machine.Problem, StringComparison.Ordinal));
        Assert.Empty(links);
        Assert.Contains("Links were not measured", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_workers_measure_their_machines_and_links()
    {
        var idle = new List<Worker>();
        for (var i = 0; i < 3; i++)
            idle.Add(await Worker.StartAsync(new()
            {
                EndPoint = new(IPAddress.Loopback, 0), Threads = 1, CacheFolder = Path.Combine(_folder, $"idle{i}"),
            }));
        try
        {
            var (machines, links, problem) = await ClusterProbe.RunAsync(
                [.. idle.Select(worker => worker.EndPoint.ToString())], null, _ => { }, _cancellation);

            Assert.Equal("", problem);
            Assert.All(machines, machine =>
            {
                // Measured, and numbers; how large is the machine's affair.
                Assert.InRange(machine.Speed!.ReadBytesPerSecond, double.Epsilon, double.MaxValue);
                Assert.InRange(machine.Speed.FlopsPerSecond, double.Epsilon, double.MaxValue);
                Assert.NotEqual("", machine.Hello!.Machine.InstructionSet);
            });
            Assert.Equal([(0, 1), (0, 2), (1, 2)], links.Select(link => (link.First, link.Second)).Order());
            Assert.All(links, link =>
            {
                Assert.InRange(
                    link.RoundTripP50Microseconds, double.Epsilon, link.RoundTripP99Microseconds * 1.05);
                Assert.InRange(link.BytesPerSecond, double.Epsilon, double.MaxValue);
            });
        }
        finally
        {
            foreach (var worker in idle) await worker.DisposeAsync();
        }
    }

    /// <summary>What the ranks say when each has noted every step.</summary>
    private async Task<List<StatusReply>> RanksAsync()
    {
        // The root has its logits a moment before a rank has noted the end of its step.
        for (var i = 0; ; i++)
        {
            var ranks = await _cluster.Monitor!.StatusAsync(_cancellation);
            if (i == 4500) Assert.All(ranks, rank => Assert.Equal("", rank.Problem));
            if (i == 4500 || ranks.All(rank => rank.Status?.Steps == Steps))
                return [.. ranks.Select(rank => rank.Status!)];
            await Task.Delay(20, _cancellation);
        }
    }

    private static bool Is(JsonElement one, string name, int process) =>
        one.GetProperty("name").GetString() == name && one.GetProperty("pid").GetInt32() == process;

    [GeneratedRegex(@"^(# (HELP|TYPE) minka_\w+ .+|minka_\w+\{(\w+=""[\w.-]+"",?)+\} [0-9.E+-]+)$")]
    private static partial Regex Line();
}
