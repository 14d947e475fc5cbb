using System.Diagnostics;
using System.Text.RegularExpressions;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Machines;

/// <summary>What lies in <c>examples</c> for several machines does what it says.</summary>
public sealed partial class ExampleTests
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "minka.dll");
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    private static string Plans => Path.Combine(ProcessTests.Root(), "examples", "plans");

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
        using var launch = Process.Start(new ProcessStartInfo("dotnet", [_program, "launch", plan, "-t", "1"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        try
        {
            while (await launch.StandardOutput.ReadLineAsync(_cancellation) is { } line)
                if (line.StartsWith("All ", StringComparison.Ordinal)) break;

            Assert.Equal((0, "12 + 30 = 42.\n", ""), await MinkaAsync(["run", "--plan", plan, "What is 12 + 30?"]));
        }
        finally
        {
            using (var kill = Process.Start("kill", ["-TERM", $"{launch.Id}"]))
                await kill.WaitForExitAsync(_cancellation);
            await launch.WaitForExitAsync(_cancellation);
        }
        Assert.Equal(0, launch.ExitCode);
    }

    [Fact]
    public async Task Machines_in_network_namespaces_answer()
    {
        SkipWithoutNamespaces();
        var start = new ProcessStartInfo("bash",
        [
            Path.Combine(ProcessTests.Root(), "examples", "machines.sh"), "2", "1gbit", "run", "What is 12 + 30?",
            "--report",
        ])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["MINKA"] = $"dotnet {_program}" },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(_cancellation),
            process.StandardError.ReadToEndAsync(_cancellation));
        await process.WaitForExitAsync(_cancellation);

        Assert.Equal((0, "12 + 30 = 42.\n"), (process.ExitCode, await output));
        Assert.Matches(@"\n +1 +10\.77\.0\.2:9000 +0-4 ", await error);
    }

    private static void SkipWithoutNamespaces()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Network namespaces are Linux's.");
        var name = $"minkatest{Environment.ProcessId}";
        try
        {
            using var add = Run($"ip netns add {name} && ip -n {name} link add left type veth peer name right && "
                + $"ip netns exec {name} tc qdisc add dev left root tbf rate 1gbit burst 32kb latency 50ms");
            if (add.ExitCode != 0)
                Assert.Skip($"Network namespaces cannot be made here: {add.StandardError.ReadToEnd()}");
        }
        finally
        {
            using var delete = Run($"ip netns del {name}");
        }
    }

    private static Process Run(string command)
    {
        var process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process;
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
