using System.Diagnostics;
using System.Text;

namespace Minka.Cli.Tests;

/// <summary>The real program in a process of its own: pipes, signals, exit codes.</summary>
public sealed class ProcessTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "minka.dll");

    // Where SIGINT is ignored (a background job, nohup), children inherit that; env gives it its meaning back.
    private static readonly string[] _command =
        OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet", _program] : ["dotnet", _program];

    private static Process Start(params string[] args)
    {
        var start = new ProcessStartInfo(_command[0], [.. _command.AsSpan(1), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(string input, params string[] args)
    {
        using var process = Start(args);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await WaitAsync(process);
        return (process.ExitCode, await output, await error);
    }

    private static async Task WaitAsync(Process process)
    {
        using var limit = new CancellationTokenSource(_patience);
        await process.WaitForExitAsync(limit.Token);
    }

    [Fact]
    public async Task The_first_command_answers() =>
        Assert.Equal((0, "12 + 30 = 42.\n", ""), await RunAsync("", "run", "What is 12 + 30?"));

    [Fact]
    public async Task A_bare_start_without_a_person_says_what_can_be_done_and_ends()
    {
        var (code, output, error) = await RunAsync("");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(5, output.Split('\n').Count(line => line.StartsWith("  minka ", StringComparison.Ordinal)));
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public async Task A_chat_goes_through_a_pipe() => Assert.Equal(
        (0, "Hello! How can I help you?\n", ""), await RunAsync("Hello!\n", "chat"));

    [Fact]
    public async Task Letters_of_all_scripts_pass() =>
        Assert.Equal((0, "Grüße 世界 🙂\n", ""), await RunAsync(
            (await RunAsync("Grüße 世界 🙂", "tokenize")).Out, "detokenize"));

    [Fact]
    public async Task Ctrl_C_stops_with_130()
    {
        using var process = Start("bench", "-r", "1000", "-n", "1", "-p", "0");
        Assert.StartsWith("| model", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await Task.Delay(TimeSpan.FromMilliseconds(1500), TestContext.Current.CancellationToken);

        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(null, null)])) await WaitAsync(kill);
        await WaitAsync(process);

        Assert.Equal((130, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync(
            TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Ctrl_C_stops_an_answer_and_what_was_written_stays()
    {
        using var process = Start("run", "--raw", "Once upon a time", "--ignore-eos", "-c", "20000");
        var first = new char[4];
        await process.StandardOutput.ReadBlockAsync(first, TestContext.Current.CancellationToken);

        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(null, null)])) await WaitAsync(kill);
        var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await WaitAsync(process);

        Assert.Equal(130, process.ExitCode);
        Assert.EndsWith("\n", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_wait_for_the_pipe()
    {
        using var process = Start("run");
        await Task.Delay(TimeSpan.FromMilliseconds(1500), TestContext.Current.CancellationToken);

        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(null, null)])) await WaitAsync(kill);
        await WaitAsync(process);

        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_it_quietly()
    {
        using var process = Start("chat", "--ignore-eos");
        process.StandardOutput.Close();
        await process.StandardInput.WriteLineAsync("Tell me a story.");
        process.StandardInput.Close();
        await WaitAsync(process);

        Assert.Equal((0, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync(
            TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("questions.sh", "What is 2 + 2?\nWhat is 3 + 4?\n", "2 + 2 = 4.\n3 + 4 = 7.\n")]
    [InlineData("verdict.sh", "", "12 + 30 = 42. (11 tokens)\n", "What is 12 + 30?")]
    public async Task Examples_do_what_they_say(string script, string input, string output, params string[] args)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Root(), "examples", script), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["MINKA"] = $"dotnet {_program}" },
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var written = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await WaitAsync(process);

        Assert.Equal((0, output), (process.ExitCode, written));
    }

    public static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Minka.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
