using System.Diagnostics;

namespace Minka.Cli.Tests.Machines;

/// <summary>The real program, told to start something that stays; what it says is waited for line by line.</summary>
internal sealed class MinkaProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lines _output = new(), _errors = new();
    private readonly SemaphoreSlim _news = new(0);
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
        process.OutputDataReceived += (_, line) => started.Take(started._output, line.Data);
        process.ErrorDataReceived += (_, line) => started.Take(started._errors, line.Data);
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

    /// <summary>The next line that holds a text; those before it in its stream are passed over. Lines of two streams
    /// come in any order.</summary>
    public async Task<string> LineAsync(string holds)
    {
        var ended = _process.WaitForExitAsync(_limit.Token);
        while (true)
        {
            var isOver = ended.IsCompleted; // What it said last is read after this, and not missed.
            if ((_output.Next(holds) ?? _errors.Next(holds)) is { } line) return line;
            Assert.False(isOver, $"It ended without '{holds}', having said:\n{_output}\nand\n{_errors}");
            await Task.WhenAny(ended, _news.WaitAsync(_limit.Token));
            _limit.Token.ThrowIfCancellationRequested();
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

    private void Take(Lines stream, string? line)
    {
        if (line is null) return;
        stream.Add(line);
        _news.Release();
    }

    /// <summary>The lines of one stream, and how far they were looked at.</summary>
    private sealed class Lines
    {
        private readonly List<string> _lines = [];
        private int _next;

        public void Add(string line)
        {
            lock (_lines) _lines.Add(line);
        }

        /// <summary>The next that holds a text, which is where the next look begins; null if there is none.</summary>
        public string? Next(string holds)
        {
            lock (_lines)
            {
                var at = _lines.FindIndex(_next, line => line.Contains(holds, StringComparison.Ordinal));
                if (at < 0) return null;
                _next = at + 1;
                return _lines[at];
            }
        }

        public override string ToString()
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }
}
