using System.Collections.Concurrent;
using System.Net;
using Minka.Cluster.Protocol;
using Minka.Cluster.Workers;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Tests.Weights;

/// <summary>Workers of this process that have no copy of the model, each with a cache of its own.</summary>
internal sealed class TestWorkers : IAsyncDisposable
{
    public const int KvBlocks = 16;
    public static readonly StepLimits Limits = new(64, 1, 1, KvBlocks);
    private static readonly int[] Prompt = [5, 17, 3, 60, 2, 9, 41, 7];

    public TestWorkers() => Directory.CreateDirectory(Folder);

    public List<Worker> All { get; } = [];

    public ConcurrentQueue<string> Log { get; } = [];

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"minka-{Guid.NewGuid():n}");

    public long BytesShipped { get; private set; }

    /// <summary>Where the last worker is reached, if it is through something in between.</summary>
    public string? LastAddress { get; set; }

    public string CacheOf(int worker) => Path.Combine(Folder, $"{worker}");

    public string[] Slices(int worker) =>
        [.. Directory.GetFiles(CacheOf(worker), "*.slice", SearchOption.AllDirectories).Order()];

    public async Task AddAsync(int count, long cacheMax = 1 << 30, string? model = null, string? cache = null)
    {
        for (var i = 0; i < count; i++)
            All.Add(await Worker.StartAsync(new()
            {
                EndPoint = new(IPAddress.Loopback, 0), Threads = 1, Log = Log.Enqueue,
                CacheFolder = cache ?? CacheOf(All.Count), CacheBytesMax = cacheMax,
                Models = model is null ? [] : [model],
            }));
    }

    public Task<ClusterModel> ClusterAsync(IWeightFile file, int tensor, int pipeline)
    {
        BytesShipped = 0;
        var workers = All.Select(worker => worker.EndPoint.ToString()).ToList();
        if (LastAddress is not null) workers[^1] = LastAddress;
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(file), Workers = workers, Tensor = tensor, Pipeline = pipeline,
            Kv = new(KvBlocks * 16, KvType.F16),
        });
        var holding = new ModelHolding
        {
            StepTokens = Limits.Tokens, StepSequences = Limits.Sequences, StepLogitRows = Limits.LogitRows,
            StepTableBlocks = Limits.TableBlocks,
        };
        var request = new ClusterRequest(plan, holding, null, TimeSpan.FromSeconds(60))
        {
            Weights = file,
            Shipped = (bytes, _) =>
            {
                lock (this) BytesShipped += bytes;
            },
        };
        return Coordinator.StartAsync(request, file.Config, _ => { }, CancellationToken.None);
    }

    /// <summary>Sends the workers what they lack; they keep it, and wait for the next root.</summary>
    public async Task ShipAsync(IWeightFile file, int tensor)
    {
        using (await ClusterAsync(file, tensor, 1)) Assert.True(BytesShipped > 0);
        await AreIdleAsync();
    }

    public async Task AreIdleAsync()
    {
        foreach (var worker in All)
            for (var i = 0; (await worker.StatusAsync(new(), CancellationToken.None)).State != WorkerState.Idle; i++)
            {
                Assert.True(i < 1800, string.Join('\n', Log));
                await Task.Delay(50, CancellationToken.None);
            }
    }

    /// <summary>Greedy ids of one machine.</summary>
    public static int[] Alone(IWeightFile file)
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var model = Decoder.Load(file, backend, new() { KvBlocks = KvBlocks, Limits = Limits });
        return Greedy(model);
    }

    public static int[] Greedy(ICausalModel model)
    {
        var input = new ForwardInput(Limits);
        var logits = new float[model.Config.VocabularySize];
        int[] blocks = [.. Enumerable.Range(0, KvBlocks)];
        var ids = new int[24];
        input.AddSequence(Prompt, 0, Prompt.Length, blocks, 1);
        for (var i = 0; i < ids.Length; i++)
        {
            model.Forward(input, logits);
            ids[i] = logits.IndexOf(logits.Max());
            input.Clear();
            input.AddSequence([ids[i]], Prompt.Length + i, Prompt.Length, blocks, 1);
        }
        return ids;
    }

    public static string ModelPath => SourceTree.BuiltInModel;

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in All) await worker.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
