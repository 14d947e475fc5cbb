using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Minka.Cli.Tests;

/// <summary>A process that a test started. It never outlives the test, and waits for it have an end.</summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>Far more than anything here takes on the slowest machine: only what hangs reaches it.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    // Where SIGINT is ignored (a background job, nohup), children inherit that; env gives it its meaning back.
    private static readonly string[] _dotnet =
        OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];

    private readonly Process _process;
    private readonly CancellationTokenSource _limit = Limited();

    private ChildProcess(string program, IEnumerable<string> arguments) =>
        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            Environment = { ["MINKA"] = $"dotnet {Minka}" },
        }) ?? throw new InvalidOperationException($"{program} did not start.");

    /// <summary>The program under test.</summary>
    public static string Minka { get; } = Path.Combine(AppContext.BaseDirectory, "minka.dll");

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Ends the waits for this process.</summary>
    public CancellationToken Limit => _limit.Token;

    /// <summary>Cancelled with the test, and when a process must hang.</summary>
    public static CancellationTokenSource Limited()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(_patience);
        return limit;
    }

    /// <summary>Starts minka.</summary>
    public static ChildProcess StartMinka(params string[] arguments) =>
        new(_dotnet[0], [.. _dotnet.AsSpan(1), Minka, .. arguments]);

    /// <summary>Starts a script of bash, which finds minka in <c>MINKA</c>.</summary>
    public static ChildProcess StartBash(params string[] arguments) => new("bash", arguments);

    /// <summary>Runs minka to its end.</summary>
    public static async Task<(int Code, string Out, string Error)> RunMinkaAsync(
        string input, params string[] arguments)
    {
        using var process = StartMinka(arguments);
        return await process.EndAsync(input);
    }

    /// <summary>Gives it its input and waits for its end.</summary>
    public async Task<(int Code, string Out, string Error)> EndAsync(string input = "")
    {
        var (output, error) = (RestAsync(), ErrorAsync());
        await Input.WriteAsync(input.AsMemory(), Limit);
        Input.Close();
        await ExitAsync();
        return (ExitCode, await output, await error);
    }

    /// <summary>Waits for its end.</summary>
    public Task ExitAsync() => _process.WaitForExitAsync(Limit);

    /// <summary>Waits until it has written a line that begins with this.</summary>
    public async Task LineAsync(string start)
    {
        var seen = new StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync(Limit) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal)) return;
            seen.AppendLine(line);
        }
        Assert.Fail($"It ended without '{start}' and wrote '{seen}'.");
    }

    /// <summary>Waits for this many letters of its output.</summary>
    public async Task<string> LettersAsync(int count)
    {
        var letters = new char[count];
        return new string(letters, 0, await _process.StandardOutput.ReadBlockAsync(letters, Limit));
    }

    /// <summary>The rest of its output.</summary>
    public Task<string> RestAsync() => _process.StandardOutput.ReadToEndAsync(Limit);

    /// <summary>Reads its output no more.</summary>
    public void Leave() => _process.StandardOutput.Close();

    /// <summary>All that it says of errors.</summary>
    public Task<string> ErrorAsync() => _process.StandardError.ReadToEndAsync(Limit);

    /// <summary>Sends a signal: INT, TERM.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Limit);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _limit.Dispose();
    }
}
