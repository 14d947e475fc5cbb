using System.Text.RegularExpressions;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Machines;

/// <summary>What lies in <c>examples</c> for several machines does what it says.</summary>
public sealed partial class ExampleTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    private static string Plans => SourceTree.At("examples", "plans");

    private static IEnumerable<string> Files() =>
        Directory.GetFiles(Plans).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)).Order();

    public static TheoryData<string> Names() => [.. Files().Select(file => Path.GetFileName(file))];

    public static TheoryData<string> OfThisMachine() =>
        [.. Files().Where(file => !Elsewhere().IsMatch(File.ReadAllText(file))).Select(file => Path.GetFileName(file))];

    [Theory, MemberData(nameof(Names))]
    public async Task Every_plan_is_sound_and_of_the_built_in_model(string name)
    {
        var (code, output, error) = await MinkaAsync(["plan", "check", Path.Combine(Plans, name), "-m", "minka-tiny"]);

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("minka-tiny: 5 layers", output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(OfThisMachine))]
    public async Task A_plan_for_this_machine_runs(string name)
    {
        using var folder = new TemporaryFolder();
        var plan = Path.Combine(folder.Path, name);
        var text = await File.ReadAllTextAsync(Path.Combine(Plans, name), _cancellation);
        var ports = LaunchTests.FreePorts(9).Select(port => $":{port}\"").ToList();
        await File.WriteAllTextAsync(plan, Port().Replace(text, match => ports[int.Parse(match.Groups[1].Value, null)]),
            _cancellation);
        using var launch = ChildProcess.StartMinka("launch", plan, "-t", "1");
        var errors = launch.ErrorAsync();
        await launch.LineAsync("All ");
        var output = launch.RestAsync();

        var answer = await MinkaAsync(["run", "--plan", plan, "What is 12 + 30?"]);
        await launch.SignalAsync("TERM");
        await launch.ExitAsync();

        Assert.Equal((0, "12 + 30 = 42.\n", ""), answer);
        Assert.True(launch.ExitCode == 0, $"{launch.ExitCode}: {await output}{await errors}");
    }

    [Fact]
    public async Task Machines_in_network_namespaces_answer()
    {
        await SkipWithoutNamespacesAsync();
        using var process = ChildProcess.StartBash(
            SourceTree.At("examples", "machines.sh"), "2", "1gbit", "run", "What is 12 + 30?",
            "--report");

        var (code, output, error) = await process.EndAsync();

        Assert.Equal((0, "12 + 30 = 42.\n"), (code, output));
        Assert.Matches(@"\n +1 +10\.77\.0\.2:9000 +0-4 ", error);
    }

    private static async Task SkipWithoutNamespacesAsync()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Network namespaces are Linux's.");
        var name = $"minkatest{Environment.ProcessId}";
        try
        {
            var (code, error) = await BashAsync(
                $"ip netns add {name} && ip -n {name} link add left type veth peer name right && "
                + $"ip netns exec {name} tc qdisc add dev left root tbf rate 1gbit burst 32kb latency 50ms");
            if (code != 0) Assert.Skip($"Network namespaces cannot be made here: {error}");
        }
        finally
        {
            await BashAsync($"ip netns del {name}");
        }
    }

    private static async Task<(int Code, string Error)> BashAsync(string command)
    {
        using var process = ChildProcess.StartBash("-c", command);
        var (code, _, error) = await process.EndAsync();
        return (code, error);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("minka").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    [GeneratedRegex(@":900(\d)""")]
    private static partial Regex Port();

    [GeneratedRegex(@"""?address""?: ""(?!127\.)")]
    private static partial Regex Elsewhere();
}
