using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Minka.Compute.Cpu;
using Minka.Plan;

namespace Minka.Cli.Machines;

/// <summary>Workers as processes of this machine. They end with it: each ends when the pipe to it closes.</summary>
internal sealed class LocalWorkers(Terminal terminal) : IAsyncDisposable
{
    private static readonly TimeSpan _endWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _interruptWithin = TimeSpan.FromMilliseconds(300);

    private readonly List<(RankPlan Rank, Process Process, TaskCompletionSource Listening, Task Output)> _all = [];
    private readonly Lock _lines = new();

    /// <summary>Refuses a plan that names other machines.</summary>
    /// <exception cref="UsageException">Says which rank, and where.</exception>
    public static void RequireLocal(IEnumerable<RankPlan> ranks)
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address).ToHashSet();
        foreach (var rank in ranks)
        {
            var host = rank.Address[..rank.Address.LastIndexOf(':')].Trim('[', ']');
            if (!Addresses(host).Any(address => IPAddress.IsLoopback(address) || own.Contains(address)))
                throw new UsageException($"Rank {rank.Rank} listens on {rank.Address}, which is another machine; start "
                    + "minka worker there, or plan for 127.0.0.1.");
        }
    }

    /// <summary>Threads for each of some workers that share this machine.</summary>
    public static int ThreadsOfEach(int workers) => Math.Max(1, CpuInfo.Read().DefaultThreads / workers);

    /// <summary>Starts one.</summary>
    public void Start(RankPlan rank, int threads, IReadOnlyList<string> models, string? keyPath)
    {
        string[] arguments =
        [
            .. Program(), "worker", "--listen", rank.Address, "--threads", $"{threads}", "--until-eof",
            .. models.SelectMany(model => (string[])["--model", model]),
            .. keyPath is null ? [] : (string[])["--key-file", keyPath],
        ];
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _all.Add((rank, process, listening, Task.WhenAll(
            CopyAsync(rank, process.StandardOutput, terminal.Out, listening),
            CopyAsync(rank, process.StandardError, terminal.Error, null))));
    }

    /// <summary>Waits until every worker listens.</summary>
    /// <returns>False if one ended first, or it was cancelled.</returns>
    public async Task<bool> AllListenAsync(CancellationToken cancellation)
    {
        var all = Task.WhenAll(_all.Select(one => one.Listening.Task));
        return await Task.WhenAny(all, OneEndsAsync(cancellation)) == all;
    }

    /// <summary>Waits until a worker ends.</summary>
    /// <returns>Which one and how, as a sentence; null if this was cancelled.</returns>
    public async Task<string?> OneEndsAsync(CancellationToken cancellation)
    {
        var ends = _all.Select(one => one.Process.WaitForExitAsync(cancellation)).ToList();
        var first = await Task.WhenAny(ends);
        // Ctrl+C reaches the workers at the same time as this process.
        await Task.Delay(_interruptWithin, terminal.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellation.IsCancellationRequested) return null;
        var (rank, process, _, output) = _all[ends.IndexOf(first)];
        await output; // its last words stand above
        return $"Rank {rank.Rank} at {rank.Address} ended with code {process.ExitCode}.";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all) one.Process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(_endWithin, terminal.Time);
        foreach (var (rank, process, _, output) in _all)
        {
            try
            {
                await process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                terminal.Complain($"Rank {rank.Rank} did not end within {_endWithin.TotalSeconds:0} s and was killed.");
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
            await output;
            process.Dispose();
        }
    }

    /// <summary>This program again: its own file, or dotnet with it.</summary>
    private static string[] Program() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Path.Combine(AppContext.BaseDirectory, "minka.dll")]
            : [];

    private static IPAddress[] Addresses(string host)
    {
        if (IPAddress.TryParse(host, out var address)) return [address];
        try
        {
            return Dns.GetHostAddresses(host);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    /// <summary>Each line with the rank before it; the first says that the worker listens.</summary>
    private async Task CopyAsync(RankPlan rank, StreamReader from, TextWriter to, TaskCompletionSource? first)
    {
        while (await from.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_lines) to.WriteLine(terminal.Dim($"rank {rank.Rank} | ") + line);
            first?.TrySetResult();
        }
    }
}
