using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Machines;

/// <summary>Real processes on loopback: launch, run, probe, top.</summary>
public sealed partial class LaunchTests : IAsyncLifetime
{
    private static int _nextPort = Environment.ProcessId * 64;
    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private string _plan = "", _workers = "";
    private ChildProcess _launch = null!;
    private Task<string> _errors = null!;

    public async ValueTask InitializeAsync()
    {
        _plan = Path.Combine(_folder, "plan.yaml");
        _workers = string.Join(',', FreePorts(2).Select(port => $"127.0.0.1:{port}"));
        Assert.Equal(0, (await MinkaAsync(["plan", "new", _plan, "--workers", _workers, "-c", "256"])).Code);
        _launch = ChildProcess.StartMinka("launch", _plan, "--threads", "1");
        _errors = _launch.ErrorAsync();
        await _launch.LineAsync("All 2 workers listen, 1 thread each; ");
        _ = _launch.RestAsync(); // so that a full pipe never holds it up
    }

    public ValueTask DisposeAsync()
    {
        _launch.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_launched_plan_answers_reports_traces_and_ends_cleanly()
    {
        var trace = Path.Combine(_folder, "trace.json");

        var (code, output, error) = await MinkaAsync(
            ["run", "--plan", _plan, "What is 12 + 30?", "--report", "--trace", trace]);
        var top = await MinkaAsync(["top", _workers, "--json"]);
        await EndAsync();

        Assert.Equal((0, "12 + 30 = 42.\n"), (code, output));
        Assert.Matches(@"times       TTFT \d+\.\d ms, TPOT \d+\.\d\d ms, RCT \d+\.\d ms\n", error);
        Assert.Matches(@"\n +0 +127\.0\.0\.1:\d+ +0-4 ", error);
        Assert.Matches(@"\n +all-reduce +\d+ ", error);
        Assert.Matches(@"\nbottleneck  \w.*\.\n$", error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(trace, _cancellation));
        Assert.Contains(json.RootElement.GetProperty("traceEvents").EnumerateArray(),
            one => one.GetProperty("name").GetString() == "all-reduce");
        Assert.Equal(0, top.Code);
        Assert.Equal(0, _launch.ExitCode);
        var log = await _errors;
        Assert.Matches(@"rank 1 \| Rank 1 of 'minka-tiny' is ready: ", log);
        Assert.DoesNotContain("was killed", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Perplexity_reports_too()
    {
        var (code, output, error) = await MinkaAsync(
            ["perplexity", "-", "--workers", _workers, "--report"], "Once upon a time there was a river.");

        Assert.Equal(0, code);
        Assert.StartsWith("perplexity ", output, StringComparison.Ordinal);
        Assert.Matches(@"\nbottleneck  \w.*\.\n$", error);
    }

    [Fact]
    public async Task Json_has_the_same_facts()
    {
        var (_, output, _) = await MinkaAsync(["run", "--workers", _workers, "--pp", "2", "Hello!", "--json"]);

        using var json = JsonDocument.Parse(output);
        var cluster = json.RootElement.GetProperty("cluster");
        var ranks = cluster.GetProperty("ranks").EnumerateArray().ToList();
        Assert.Equal([(0, 3), (3, 5)], ranks.Select(rank => (rank.GetProperty("layer_first").GetInt32(),
            rank.GetProperty("layer_end").GetInt32())));
        Assert.All(ranks, rank => Assert.True(rank.GetProperty("steps").GetInt64() > 0));
        Assert.True(cluster.GetProperty("root").GetProperty("steps").GetInt64() > 0);
        Assert.True(json.RootElement.GetProperty("rct_ms").GetDouble()
            >= json.RootElement.GetProperty("ttft_ms").GetDouble());
    }

    [Fact]
    public async Task A_server_answers_from_the_cluster_and_its_metrics_are_the_ranks()
    {
        var port = FreePorts(1)[0];
        using var serve = ChildProcess.StartMinka(
            "serve", "--plan", _plan, "--port", $"{port}", "--drain-delay", "0");
        var errors = serve.ErrorAsync();
        await serve.LineAsync("Serving ");
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        const string ask = """{"messages":[{"role":"user","content":"What is 12 + 30?"}]}""";
        using var content = new StringContent(ask, System.Text.Encoding.UTF8, "application/json");

        var reply = await http.PostAsync("/v1/chat/completions", content, _cancellation);
        var metrics = await http.GetStringAsync("/metrics", _cancellation);
        await serve.SignalAsync("TERM");
        await serve.ExitAsync();

        Assert.Contains("12 + 30 = 42.", await reply.Content.ReadAsStringAsync(_cancellation),
            StringComparison.Ordinal);
        Assert.Matches("\nminka_rank_steps_total\\{rank=\"1\"\\} [1-9]", metrics);
        Assert.Contains("vllm:prompt_tokens_total", metrics, StringComparison.Ordinal);
        Assert.True(serve.ExitCode == 0, $"{serve.ExitCode}: {await errors}");
    }

    [Fact]
    public async Task A_rank_that_dies_is_named_and_the_others_are_ended()
    {
        var victim = Children(_launch.Id).First(child => child.Command.Contains(_workers.Split(',')[1],
            StringComparison.Ordinal));

        using (var process = Process.GetProcessById(victim.Id)) process.Kill();
        await _launch.ExitAsync();

        Assert.Equal(1, _launch.ExitCode);
        Assert.EndsWith(
            $"minka: Rank 1 at {_workers.Split(',')[1]} ended with code 137. The other workers are ended.\n",
            await _errors, StringComparison.Ordinal);
        Assert.Empty(Children(_launch.Id));
    }

    [Fact]
    public async Task Probe_measures_both_and_writes_a_topology_that_check_reads()
    {
        var probe = await MinkaAsync(["probe", _workers, "--json"]);
        var (code, topology, _) = await MinkaAsync(["probe", _workers, "--topology"]);
        var file = Path.Combine(_folder, "topology.yaml");
        await File.WriteAllTextAsync(file,
            topology + "", _cancellation);
        var check = await MinkaAsync(["plan", "check", _plan, "--topology", file]);

        using var json = JsonDocument.Parse(probe.Out);
        Assert.Equal((0, 0), (probe.Code, code));
        Assert.Equal(2, json.RootElement.GetProperty("machines").GetArrayLength());
        Assert.Equal(1, json.RootElement.GetProperty("links").GetArrayLength());
        // The plan's root is none of the machines that were probed, and holds nothing.
        Assert.Equal((0, ""), (check.Code, check.Error));
    }

    [Fact]
    public async Task Top_shows_workers_once_to_a_pipe()
    {
        var (code, output, _) = await MinkaAsync(["top", _workers + ",127.0.0.1:1", "--interval", "0.1"]);

        Assert.Equal(1, code);
        Assert.Equal(2, Idle().Count(output));
        Assert.Matches(@"127\.0\.0\.1:1 +silent ", output);
    }

    [Fact]
    public async Task A_plan_for_other_machines_is_not_launched()
    {
        var file = Path.Combine(_folder, "far.yaml");
        Assert.Equal(0, (await MinkaAsync(["plan", "new", file, "--workers", "192.0.2.1:9000"])).Code);

        Assert.Equal(
            (2, "", "minka: Rank 0 listens on 192.0.2.1:9000, which is another machine; start minka worker there, or "
                + "plan for 127.0.0.1.\n"),
            await MinkaAsync(["launch", file]));
    }

    private async Task EndAsync()
    {
        await _launch.SignalAsync("TERM");
        await _launch.ExitAsync();
    }

    /// <summary>Ports that nobody listens on, never the same twice, and none that the system gives to others.</summary>
    internal static int[] FreePorts(int count) =>
        [.. Enumerable.Range(0, 9000).Select(_ => 20000 + (Interlocked.Increment(ref _nextPort) & 0x1fff))
            .Where(IsFree).Take(count)];

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static List<(int Id, string Command)> Children(int parent)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "pid=,args=", "--ppid", $"{parent}"])
        {
            RedirectStandardOutput = true,
        })!;
        return [.. ps.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim().Split(' ', 2)).Select(parts => (int.Parse(parts[0], null), parts[1]))];
    }

    [GeneratedRegex(@"\n +127\.0\.0\.1:\d+ +idle ")]
    private static partial Regex Idle();
}
