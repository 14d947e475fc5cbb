using System.Diagnostics;
using System.Threading.Channels;

namespace Minka.Cli.Tests.Machines;

/// <summary>The real program, told to start something that stays; what it says is waited for line by line.</summary>
internal sealed class MinkaProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _seen = [];
    private readonly CancellationTokenSource _limit = ChildProcess.Limited();

    private MinkaProcess(Process process) => _process = process;

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>What it is told.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>Starts it; both of its streams become lines.</summary>
    public static MinkaProcess Start(params string[] args)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [ChildProcess.Minka, .. args])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var started = new MinkaProcess(process);
        void Take(object _, DataReceivedEventArgs line)
        {
            if (line.Data is { } text) started._lines.Writer.TryWrite(text);
        }
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    /// <summary>A worker on a port of its own that keeps its slices in a folder; where it listens.</summary>
    public static async Task<(MinkaProcess Worker, string Address)> WorkerAsync(string cache, int port = 0)
    {
        var worker = Start("worker", "--listen", $"127.0.0.1:{port}", "--threads", "1", "--cache-dir", cache);
        var line = await worker.LineAsync("Worker at ");
        return (worker, line.Split(' ', ';')[2]);
    }

    /// <summary>A server that has loaded its model, and a client of it.</summary>
    public static async Task<(MinkaProcess Server, HttpClient Client)> ServeAsync(params string[] args)
    {
        var server = Start(["serve", "--port", "0", "--drain-delay", "0", .. args]);
        var line = await server.LineAsync("Serving ");
        var address = line.Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal));
        var root = address[..address.IndexOf("v1", StringComparison.Ordinal)];
        return (server, new HttpClient { BaseAddress = new(root) });
    }

    /// <summary>The next line that holds a text; those before it are passed over.</summary>
    public async Task<string> LineAsync(string holds)
    {
        var ended = _process.WaitForExitAsync(_limit.Token);
        while (true)
        {
            var isOver = ended.IsCompleted; // What it said last is read after this, and not missed.
            while (_lines.Reader.TryRead(out var line))
            {
                _seen.Add(line);
                if (line.Contains(holds, StringComparison.Ordinal)) return line;
            }
            Assert.False(isOver,
                $"It ended without '{holds}', having said:\n{string.Join('\n', _seen)}");
            await Task.WhenAny(ended, _lines.Reader.WaitToReadAsync(_limit.Token).AsTask());
        }
    }

    /// <summary>Ends it as a power cut does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Tells it that nothing more comes and waits for its end; its exit code.</summary>
    public async Task<int> EndAsync()
    {
        Input.Close();
        await _process.WaitForExitAsync(_limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal by name and waits for its end; its exit code.</summary>
    public async Task<int> EndAsync(string signal)
    {
        using (var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]))
            await kill.WaitForExitAsync(_limit.Token);
        await _process.WaitForExitAsync(_limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        _limit.Dispose();
    }
}
