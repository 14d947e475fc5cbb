using System.Net;
using System.Runtime.CompilerServices;
using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Cluster.Weights;
using Minka.Collectives;
using Minka.Collectives.Joining;
using Minka.Compute.Cpu;
using Minka.Models;

namespace Minka.Cluster.Workers;

/// <summary>A machine that lends itself to clusters, one after another, for as long as the process lives.</summary>
public sealed class Worker : IControl, IAsyncDisposable
{
    private static readonly TimeSpan _joinMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _watchMin = TimeSpan.FromMilliseconds(100);

    private readonly WorkerOptions _options;
    private readonly PeerListener _mesh;
    private readonly WorkerTurns _turns = new();
    private readonly SliceCache _cache;
    private ControlServer? _control;
    private MetricsServer? _metrics;
    private RankRun? _run;
    private PreparedRank? _prepared;
    private volatile WorkerState _state = WorkerState.Idle;
    private string _problem = "";

    private Worker(WorkerOptions options, PeerListener mesh)
    {
        (_options, _mesh) = (options, mesh);
        _cache = new(options.CacheFolder, options.CacheBytesMax, options.Time);
    }

    /// <summary>Where roots find it, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint EndPoint => _control!.EndPoint;

    /// <summary>Where Prometheus asks; null if nowhere.</summary>
    public IPEndPoint? MetricsEndPoint => _metrics?.EndPoint;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="InvalidOperationException">The address is not loopback and there is no key.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<Worker> StartAsync(WorkerOptions options)
    {
        PeerListener.RequireKey(options.EndPoint, options.Key);
        var listening = new PeerListenerOptions { Key = options.Key, Log = options.Log, Time = options.Time };
        var mesh = PeerListener.Start(new(options.EndPoint.Address, 0), listening);
        var worker = new Worker(options, mesh);
        try
        {
            worker._control = await ControlServer.StartAsync(options.EndPoint, worker, listening);
            if (options.Metrics is { } metrics)
                worker._metrics = await MetricsServer.StartAsync(
                    metrics, () => PrometheusText.Write([worker.Status()]));
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellation)
    {
        var info = CpuInfo.Read();
        var reply = new HelloReply
        {
            ProtocolMajor = Coordinator.ProtocolMajor,
            Build = _options.Build,
            State = _state,
            MeshAddress = _mesh.EndPoint.ToString(),
            Machine = new()
            {
                Name = Environment.MachineName,
                Processor = info.Model,
                Cores = info.PhysicalCores,
                Threads = _options.Threads > 0 ? _options.Threads : info.DefaultThreads,
                MemoryBytes = _options.MemoryBytes ?? info.TotalMemoryBytes,
                MemoryFreeBytes = MemoryBytes,
                InstructionSet = info.Tier.ToString(),
                OperatingSystem = Environment.OSVersion.ToString(),
            },
        };
        if (request.Assignment is not null) await SayWhatIsMissingAsync(request, reply, cancellation);
        return reply;
    }

    /// <summary>Without peers the machine, with peers the links to them: machines are measured one by one.</summary>
    public async Task<ProbeReply> ProbeAsync(ProbeRequest request, CancellationToken cancellation)
    {
        using var turn = await _turns.EnterAsync(Guid.NewGuid().ToString(), cancellation)
            ?? throw Busy("is being started or probed");
        if (_run is { Ended.IsCompleted: false }) throw Busy("runs for a root");
        return request.Peers.Count == 0
            ? await Task.Run(() => WorkerProbe.Machine(_options), turn.Token)
            : await WorkerProbe.LinksAsync(_mesh, request, turn.Token);
    }

    /// <inheritdoc/>
    public async Task<LoadSlicesReply> LoadSlicesAsync(
        IAsyncEnumerable<LoadSlicesRequest> requests, CancellationToken cancellation)
    {
        await using var messages = requests.GetAsyncEnumerator(cancellation);
        if (!await messages.MoveNextAsync() || messages.Current.Header is not { } header)
            throw new GrpcException(GrpcStatus.InvalidArgument, "Slices begin with a header.");
        using var turn = await _turns.EnterAsync(header.PlanHash, cancellation) ?? throw Busy("is being started");
        if (_prepared is not { } prepared || !prepared.Is(header.PlanHash, header.Rank))
            throw new GrpcException(GrpcStatus.Aborted, "Slices came for an assignment that was not announced.");
        using var receiver = new SliceReceiver(prepared.Weights, _options.Key, _options.Log, _options.Time);
        _state = WorkerState.Loading;
        try
        {
            while (await messages.MoveNextAsync())
            {
                turn.Token.ThrowIfCancellationRequested();
                if (messages.Current.Chunk is { } chunk) receiver.Take(chunk);
                else if (messages.Current.Sums is { } sums) receiver.Expect(sums);
                else if (messages.Current.AtPeer is { } peer) await receiver.FetchAsync(peer, turn.Token);
            }
        }
        finally
        {
            _state = WorkerState.Idle;
        }
        return new() { BytesTaken = receiver.BytesTaken, SlicesComplete = receiver.Completed };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<SliceChunk> ReadSlicesAsync(
        ReadSlicesRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (_prepared is not { } prepared || prepared.Weights.ModelHash != request.ModelHash) yield break;
        foreach (var need in request.Wanted)
        {
            if (need.Cut is null || prepared.Weights.Find(need.Cut, out var sha256) is not { } source) continue;
            await foreach (var chunk in SliceSender.ChunksAsync(
                source, need.Hash, need.BytesHere, sha256, cancellation)) yield return chunk;
        }
    }

    /// <inheritdoc/>
    public async Task<StartReply> StartAsync(StartRequest request, CancellationToken cancellation)
    {
        var assigned = Assigned.Read(request.Assignment, request.Holding, request.Model);
        assigned.RequireAddresses(request.MeshAddresses.Count);
        using var turn = await _turns.EnterAsync(assigned.PlanHash, cancellation) ?? throw Busy("is being started");
        try
        {
            if (_run is { Ended.IsCompleted: false }) throw Busy("runs for another root");
            return await BecomeAsync(assigned, request, turn.Token);
        }
        catch (Exception failed) when (failed is not GrpcException)
        {
            (_state, _problem) = (WorkerState.Failed, failed.Message);
            _options.Log($"Starting as rank {assigned.Rank} failed: {failed.Message}");
            if (failed is PeerLostException or ModelFormatException or IOException or ArgumentException)
                throw new GrpcException(GrpcStatus.FailedPrecondition, failed.Message, failed);
            throw;
        }
        finally
        {
            if (_state is WorkerState.Loading or WorkerState.Joining) _state = WorkerState.Idle;
            Forget();
        }
    }

    /// <inheritdoc/>
    public async Task<StopReply> StopAsync(StopRequest request, CancellationToken cancellation)
    {
        if (_run is { } run)
        {
            run.Dispose();
            await run.Ended.WaitAsync(cancellation);
        }
        return new();
    }

    /// <summary>Steps are not interrupted by leaving between them: the root ends them first.</summary>
    public async Task<DrainReply> DrainAsync(DrainRequest request, CancellationToken cancellation)
    {
        var steps = _run?.Steps ?? 0;
        await StopAsync(new(), cancellation);
        return new() { Steps = steps };
    }

    /// <inheritdoc/>
    public Task<StatusReply> StatusAsync(StatusRequest request, CancellationToken cancellation) =>
        Task.FromResult(Status());

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var interval = TimeSpan.FromMilliseconds(Math.Max(0, request.IntervalMilliseconds));
        while (true)
        {
            yield return new() { Status = Status() };
            await Task.Delay(interval > _watchMin ? interval : _watchMin, _options.Time, cancellation);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<TraceChunk> TraceAsync(
        TraceRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var spans in RankTrace.Spans(_run?.Meter.Trace.Since(request.SinceNanoseconds) ?? []))
        {
            cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return spans;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_control is not null) await _control.DisposeAsync();
        if (_metrics is not null) await _metrics.DisposeAsync();
        await StopAsync(new(), CancellationToken.None);
        await _mesh.DisposeAsync();
        Forget();
        _turns.Dispose();
    }

    private long MemoryBytes => _options.MemoryBytes ?? CpuInfo.Read().AvailableMemoryBytes;

    private async Task<StartReply> BecomeAsync(Assigned assigned, StartRequest request, CancellationToken cancellation)
    {
        assigned.RequireMemory(MemoryBytes);
        var weights = Prepare(assigned).Weights;
        if (!weights.IsComplete)
            throw new GrpcException(GrpcStatus.NotFound, $"This worker lacks {weights.Missing.Count()} of rank "
                + $"{assigned.Rank}'s slices and none were sent; start again.");
        var file = weights.File;
        _state = WorkerState.Joining;
        var within = TimeSpan.FromSeconds(Math.Clamp(request.JoinSecondsMax, 1, _joinMax.TotalSeconds));
        var transport = await TcpMesh.JoinAsync(
            _mesh, Coordinator.IdentityOf(assigned.Plan, assigned.Replica, assigned.Rank, assigned.Epoch),
            [.. request.MeshAddresses.Select(Coordinator.EndPointOf), _mesh.EndPoint], Coordinator.WaitingForSums,
            within, cancellation);

        _state = WorkerState.Loading;
        var start = _options.Time.GetTimestamp();
        var run = await Task.Run(
            () => RankRun.Load(assigned, file, transport, _options.Threads), CancellationToken.None);
        var took = _options.Time.GetElapsedTime(start);
        (_run, _state, _problem) = (run, WorkerState.Running, "");
        run.Begin();
        _ = LogEndAsync(run);
        _options.Log($"Rank {assigned.Rank} of '{assigned.Plan.Model.Name}' is ready: "
            + $"{run.Memory.WeightBytes >> 20} MiB of weights in {took.TotalSeconds:0.0} s.");
        return new()
        {
            LoadSeconds = took.TotalSeconds,
            MemoryBytes = run.Memory.WeightBytes + run.Memory.KvBytes + run.Memory.ScratchBytes,
            WeightBytes = run.Memory.WeightBytes,
            DecodeBytes = run.Memory.DecodeBytes,
            KvBlockBytes = run.Memory.KvBlockBytes,
            ScratchBytes = run.Memory.ScratchBytes,
        };
    }

    /// <summary>What of an assignment is here, and what must come.</summary>
    private async Task SayWhatIsMissingAsync(HelloRequest request, HelloReply reply, CancellationToken cancellation)
    {
        var assigned = Assigned.Read(request.Assignment, request.Holding, request.Model);
        using var turn = await _turns.EnterAsync(assigned.PlanHash, cancellation) ?? throw Busy("is being started");
        if (_run is { Ended.IsCompleted: false }) throw Busy("runs for another root");
        assigned.RequireMemory(MemoryBytes);
        var weights = await Task.Run(() => Prepare(assigned).Weights, cancellation);
        reply.Needs.AddRange(weights.Needs());
        if (reply.Needs.Count > 0) weights.MakeRoom();
        reply.HasModel = weights.IsWhole;
        reply.Source = weights.IsRoots ? "root's file" : weights.IsWhole ? "file" : "cache";
        reply.BytesHere = weights.Bytes - reply.Needs.Sum(need => need.Bytes - need.BytesHere);
    }

    /// <summary>Weights of an assignment, opened and verified once for all the calls that lead to its start.</summary>
    private PreparedRank Prepare(Assigned assigned)
    {
        if (_prepared is { } prepared && prepared.Is(assigned.PlanHash, assigned.Rank)) return prepared;
        Forget();
        return _prepared = new(
            assigned.PlanHash, assigned.Rank, assigned.OpenWeights(_cache, _options.Models, []));
    }

    private void Forget()
    {
        _prepared?.Weights.Dispose();
        _prepared = null;
    }

    private async Task LogEndAsync(RankRun run)
    {
        var why = await run.Ended;
        // A machine that lends itself gives back what it does not use; nothing runs now that would have to wait.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _state = WorkerState.Idle;
        _problem = why;
        _options.Log($"Rank {run.Assigned.Rank} is over after {run.Steps} steps: {why} Waiting for the next root.");
    }

    private StatusReply Status()
    {
        var run = _run;
        var status = run?.Status() ?? new() { Rank = -1 };
        status.State = _state;
        status.Problem = _problem;
        status.MemoryBytes = Environment.WorkingSet;
        return status;
    }

    private GrpcException Busy(string what) =>
        new(GrpcStatus.FailedPrecondition, $"The worker at {EndPoint} {what}; end that one or use another worker.");

    private sealed record PreparedRank(string PlanHash, int Rank, RankWeights Weights)
    {
        public bool Is(string planHash, int rank) => PlanHash == planHash && Rank == rank;
    }
}
