using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Minka.Cluster.Protocol;
using Minka.Cluster.Workers;
using Minka.Collectives;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Plan;
using static Minka.Cluster.Tests.Weights.TestWorkers;

namespace Minka.Cluster.Tests;

/// <summary>Workers on loopback, joined over TCP, against the model on its own.</summary>
public sealed class WorkerTests
{
    [Theory, InlineData(2, 1), InlineData(3, 1), InlineData(1, 2), InlineData(2, 2)]
    public async Task Workers_over_tcp_say_what_one_machine_says(int tensor, int pipeline)
    {
        await using var workers = await Workers.StartAsync(tensor * pipeline);
        using var file = ModelFiles.Open(ModelPath);
        using var cluster = await workers.ClusterAsync(file, tensor, pipeline);

        Assert.Equal(Alone(file), Greedy(cluster));
    }

    [Fact]
    public async Task Workers_survive_their_root_and_serve_the_next()
    {
        await using var workers = await Workers.StartAsync(2);
        using var file = ModelFiles.Open(ModelPath);
        using (var first = await workers.ClusterAsync(file, 2, 1)) Assert.Equal(Alone(file), Greedy(first));
        await workers.AreIdleAsync();

        using var second = await workers.ClusterAsync(file, 1, 2);

        Assert.Equal(Alone(file), Greedy(second));
    }

    [Fact]
    public async Task A_worker_that_goes_is_an_error_at_the_root_and_the_others_are_free_again()
    {
        var workers = await Workers.StartAsync(2);
        using var file = ModelFiles.Open(ModelPath);
        using var cluster = await workers.ClusterAsync(file, 2, 1);
        Greedy(cluster);

        await workers.All[1].DisposeAsync();

        Assert.Throws<PeerLostException>(() => Greedy(cluster));
        await workers.AreIdleAsync(workers.All[0]);
        await workers.All[0].DisposeAsync();
    }

    [Fact]
    public async Task A_busy_worker_says_so_and_goes_on()
    {
        await using var workers = await Workers.StartAsync(2);
        using var file = ModelFiles.Open(ModelPath);
        using var first = await workers.ClusterAsync(file, 2, 1);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => workers.ClusterAsync(file, 2, 1));

        Assert.Contains("runs for another root", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Alone(file), Greedy(first));
    }

    [Fact]
    public async Task Strangers_and_garbage_do_not_stop_a_worker()
    {
        await using var workers = await Workers.StartAsync(2);
        var random = new Random(3);
        for (var i = 0; i < 20; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(workers.All[i % 2].EndPoint, TestContext.Current.CancellationToken);
            var garbage = new byte[random.Next(1, 5000)];
            random.NextBytes(garbage);
            await socket.SendAsync(garbage, TestContext.Current.CancellationToken);
        }
        using var file = ModelFiles.Open(ModelPath);

        using var cluster = await workers.ClusterAsync(file, 2, 1);

        Assert.Equal(Alone(file), Greedy(cluster));
    }

    [Fact]
    public async Task A_worker_without_the_model_says_where_it_looked()
    {
        await using var workers = await Workers.StartAsync(1);
        using var file = ModelFiles.Open(ModelPath);

        var refused = await Assert.ThrowsAsync<ClusterException>(
            () => workers.ClusterAsync(file, 1, 1, rootPath: "/nowhere/model.gguf"));

        Assert.Contains("'/nowhere/model.gguf' is not there", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_with_too_little_memory_shows_the_arithmetic()
    {
        await using var workers = await Workers.StartAsync(1, memory: 100 << 20);
        using var file = ModelFiles.Open(ModelPath);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => workers.ClusterAsync(file, 1, 1));

        Assert.Contains("Rank 0 needs", refused.Message, StringComparison.Ordinal);
        Assert.Contains("this worker has 100 MiB", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Off_loopback_a_key_is_needed() =>
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Worker.StartAsync(new() { EndPoint = new(IPAddress.Any, 0) }));

    private sealed class Workers : IAsyncDisposable
    {
        public List<Worker> All { get; } = [];

        private ConcurrentQueue<string> Log { get; } = [];

        public static async Task<Workers> StartAsync(int count, long? memory = null)
        {
            var workers = new Workers();
            for (var i = 0; i < count; i++)
                workers.All.Add(await Worker.StartAsync(new()
                {
                    EndPoint = new(IPAddress.Loopback, 0), Threads = 1, MemoryBytes = memory,
                    Log = workers.Log.Enqueue,
                }));
            return workers;
        }

        public Task<ClusterModel> ClusterAsync(IWeightFile file, int tensor, int pipeline, string? rootPath = null)
        {
            var plan = PlanBuilder.Build(new()
            {
                Model = PlannedModel.ShapeOf(file),
                Workers = [.. All.Select(worker => worker.EndPoint.ToString())],
                Tensor = tensor, Pipeline = pipeline,
                Kv = new(KvBlocks * 16, KvType.F16),
            });
            var holding = new ModelHolding
            {
                Path = rootPath ?? ModelPath, StepTokens = Limits.Tokens, StepSequences = Limits.Sequences,
                StepLogitRows = Limits.LogitRows, StepTableBlocks = Limits.TableBlocks,
            };
            return Coordinator.StartAsync(
                new(plan, holding, null, TimeSpan.FromSeconds(60)), file.Config, _ => { }, CancellationToken.None);
        }

        public async Task AreIdleAsync(params Worker[] some)
        {
            foreach (var worker in some.Length > 0 ? [.. some] : All)
                for (var i = 0; ; i++)
                {
                    var status = await worker.StatusAsync(new(), CancellationToken.None);
                    if (status.State == WorkerState.Idle) break;
                    Assert.True(i < 1800, $"{worker.EndPoint} is {status.State}: {string.Join('\n', Log)}");
                    await Task.Delay(50, CancellationToken.None);
                }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var worker in All) await worker.DisposeAsync();
        }
    }
}
