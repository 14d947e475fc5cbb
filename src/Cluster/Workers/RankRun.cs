using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;
using Minka.Collectives;
using Minka.Collectives.Transports;
using Minka.Compute.Cpu;
using Minka.Models;

namespace Minka.Cluster.Workers;

/// <summary>A worker as one rank of one cluster: from the links to the last step, on a thread of its own.</summary>
internal sealed class RankRun : IDisposable
{
    private readonly TcpTransport _transport;
    private readonly CpuBackend _backend;
    private readonly ICausalModel _model;
    private readonly WorkerLoop _loop;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RankRun(Assigned assigned, TcpTransport transport, CpuBackend backend, ICausalModel model, RankLinks links)
    {
        (Assigned, _transport, _backend, _model) = (assigned, transport, backend, model);
        _loop = new(links, model, transport.MessageBytesMax);
    }

    public Assigned Assigned { get; }

    public ModelMemory Memory => _model.Memory;

    public long Steps => _loop.Steps;

    public RankMeter Meter => _loop.Meter;

    /// <summary>Why it ended, as a sentence.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Loads the slice; the transport is its own from here on.</summary>
    public static RankRun Load(Assigned assigned, IWeightFile file, TcpTransport transport, int threads)
    {
        var backend = default(CpuBackend);
        try
        {
            var links = new RankLinks(transport, assigned.Replica);
            backend = new(new() { Threads = threads, Reference = assigned.Holding.IsReference });
            var model = Decoder.Load(file, backend, assigned.LoadOptions with { Ranks = links.Stage });
            return new(assigned, transport, backend, model, links);
        }
        catch
        {
            transport.Dispose();
            backend?.Dispose();
            throw;
        }
    }

    /// <summary>What it is and what it has measured.</summary>
    public StatusReply Status()
    {
        var status = Meter.Status();
        var stage = Assigned.Replica.Stages[PlannedModel.StageOf(Assigned.Replica, Assigned.Rank)];
        status.Rank = Assigned.Rank;
        status.Epoch = Assigned.Epoch;
        status.PlanHash = Assigned.PlanHash;
        status.Replica = Assigned.Replica.Name;
        (status.LayerFirst, status.LayerEnd) = (stage.Layers.Start, stage.Layers.End);
        (status.WeightBytes, status.KvBytes) = (Memory.WeightBytes, Memory.KvBytes);
        return status;
    }

    /// <summary>Begins to run steps.</summary>
    public void Begin() => new Thread(Run) { Name = $"rank {Assigned.Rank}", IsBackground = true }.Start();

    /// <summary>Ends it at once.</summary>
    public void Dispose() => _transport.Abort();

    private void Run()
    {
        var why = "The root ended it.";
        try
        {
            _loop.Run();
        }
        catch (Exception lost) when (lost is PeerLostException or InvalidDataException)
        {
            why = lost.Message;
        }
        finally
        {
            _transport.Dispose();
            _model.Dispose();
            _backend.Dispose();
            _ended.TrySetResult(why);
        }
    }
}
