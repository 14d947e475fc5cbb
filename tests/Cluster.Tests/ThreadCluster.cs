using Minka.Collectives.Transports;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>A whole cluster in this process: a thread per rank over memory, and the root on the caller's.</summary>
internal sealed class ThreadCluster : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly IReadOnlyList<MemoryTransport> _transports;
    private readonly List<Thread> _threads = [];
    private readonly Exception?[] _thrown;
    private readonly ForwardInput _input;

    /// <param name="file">The model; ranks read it at the same time.</param>
    /// <param name="plan">Cuts it.</param>
    /// <param name="limits">The largest step.</param>
    /// <param name="kvBlocks">Blocks of the cache.</param>
    /// <param name="isReference">Everything in f32.</param>
    /// <param name="type">Quantise on load.</param>
    /// <param name="stepsInFlight">0 for one for each stage.</param>
    public ThreadCluster(
        IWeightFile file, ClusterPlan plan, StepLimits limits, int kvBlocks, bool isReference = true,
        DType? type = null, int stepsInFlight = 0)
    {
        var replica = plan.Replicas[0];
        var ranks = replica.Stages.Sum(stage => stage.Ranks.Count);
        _transports = MemoryTransport.Create(ranks + 1, Deadline, TimeProvider.System);
        _thrown = new Exception?[ranks];
        Memory = new ModelMemory[ranks];
        _input = new(limits);
        var config = file.Config;
        Executor = new(_transports[ranks], replica,
            new(config.VocabularySize, config.ContextLength, kvBlocks, limits)
            {
                StepsInFlight = stepsInFlight > 0 ? stepsInFlight : replica.Stages.Count,
                EmbeddingWidth = config.Width,
            });
        var options = new ModelLoadOptions
        {
            KvBlocks = kvBlocks, Limits = limits, KvType = isReference ? DType.F32 : DType.F16, WeightType = type,
        };
        for (var rank = 0; rank < ranks; rank++)
        {
            var mine = rank;
            _threads.Add(new(() => Serve(file, replica, mine, options, isReference)));
        }
        _threads.ForEach(thread => thread.Start());
    }

    public ClusterExecutor Executor { get; }

    public ModelMemory[] Memory { get; }

    /// <summary>Logits of the last <paramref name="wanted"/> tokens of each sequence, <c>[rows, V]</c>.</summary>
    public float[] Run(int wanted, params (int[] Tokens, int Start, int[] Blocks)[] sequences)
    {
        _input.Clear();
        foreach (var (tokens, start, blocks) in sequences)
            _input.AddSequence(tokens, start, start + tokens.Length, blocks, wanted);
        return Executor.Run(_input, []).ToArray();
    }

    /// <summary>Logits after one more token of a sequence, <c>[V]</c>.</summary>
    public float[] RunNext(int token, int position, int promptLength, int[] blocks)
    {
        _input.Clear();
        _input.AddSequence([token], position, promptLength, blocks, 1);
        return Executor.Run(_input, []).ToArray();
    }

    private void Serve(IWeightFile file, ReplicaPlan replica, int rank, ModelLoadOptions options, bool isReference)
    {
        var transport = _transports[rank];
        try
        {
            var links = new RankLinks(transport, replica);
            using var backend = new CpuBackend(new() { Threads = 1, Reference = isReference });
            using var model = Decoder.Load(file, backend,
                options with { Slice = PlannedModel.SliceOf(replica, rank), Ranks = links.Stage });
            Memory[rank] = model.Memory;
            new WorkerLoop(links, model, transport.MessageBytesMax).Run();
        }
        catch (Exception any)
        {
            _thrown[rank] = any;
            transport.Lose(rank, any.Message);
        }
    }

    public void Dispose()
    {
        Executor.Dispose();
        _threads.ForEach(thread => thread.Join());
        foreach (var transport in _transports) transport.Dispose();
        Assert.All(_thrown, Assert.Null);
    }
}
