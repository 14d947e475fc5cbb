using System.Diagnostics;
using System.Net;
using Minka.Cluster;
using Minka.Cluster.Protocol;
using Minka.Cluster.Workers;
using Minka.Compute;
using Minka.Models;
using Minka.Plan;

namespace Minka.Bench.Cluster;

/// <summary>Workers of one thread as processes of this program. They end when the pipe to them closes.</summary>
internal sealed class RankProcesses : IAsyncDisposable
{
    private static readonly TimeSpan _startWithin = TimeSpan.FromMinutes(2);

    private readonly List<Process> _processes = [];
    private readonly List<string> _addresses = [];

    /// <summary>Starts them.</summary>
    /// <param name="model">File that all of them read.</param>
    /// <param name="count">Workers.</param>
    public static async Task<RankProcesses> StartAsync(string model, int count)
    {
        var all = new RankProcesses();
        // As an application of its own, or as `dotnet Minka.Bench.dll`.
        var program = Environment.ProcessPath!;
        string[] itself = Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [typeof(RankProcesses).Assembly.Location]
            : [];
        for (var i = 0; i < count; i++)
        {
            var process = Process.Start(new ProcessStartInfo(program, [.. itself, "ranks", "worker", model])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true,
            })!;
            all._processes.Add(process);
            all._addresses.Add(await process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("A worker ended before it listened."));
        }
        return all;
    }

    /// <summary>What such a process does.</summary>
    public static async Task<int> ServeAsync(string model)
    {
        await using var worker = await Worker.StartAsync(
            new() { EndPoint = new(IPAddress.Loopback, 0), Threads = 1, Models = [model] });
        Console.WriteLine(worker.EndPoint);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>Joins them to a cluster.</summary>
    public Task<ClusterModel> ClusterAsync(
        IWeightFile file, int tensor, int pipeline, StepLimits limits, int kvBlocks)
    {
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(file), Workers = _addresses, Tensor = tensor, Pipeline = pipeline,
            Kv = new(kvBlocks * KvShape.BlockTokens, KvType.F16),
        });
        var holding = new ModelHolding
        {
            Path = Path.GetFullPath(file.Path), StepTokens = limits.Tokens, StepSequences = limits.Sequences,
            StepLogitRows = limits.LogitRows, StepTableBlocks = limits.TableBlocks,
        };
        return Coordinator.StartAsync(
            new(plan, holding, null, _startWithin), file.Config, _ => { }, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
