using System.Runtime.CompilerServices;
using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;

namespace Minka.Cluster.Tests;

/// <summary>A worker that answers from what it was asked; Node/server.js answers alike.</summary>
internal sealed class SampleControl : IControl
{
    public TaskCompletionSource<bool> WatchEnded { get; } = new();

    /// <summary>Never answers those who call themselves so.</summary>
    public const string Unheard = "unheard";

    public async Task<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellation)
    {
        if (request.Build == Unheard) await Task.Delay(Timeout.Infinite, cancellation);
        return new()
        {
            ProtocolMajor = request.ProtocolMajor,
            Build = request.Build + " grüßt",
            State = WorkerState.Idle,
            Machine = new() { Cores = 4, MemoryBytes = 1L << 40 },
            Needs = { new SliceNeed { Hash = ByteString.CopyFrom(1, 2, 255), Name = "a", Bytes = long.MaxValue } },
        };
    }

    public async Task<ProbeReply> ProbeAsync(ProbeRequest request, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromSeconds(request.SecondsMax), TimeProvider.System, cancellation);
        return new() { ReadBytesPerSecond = 0.5 };
    }

    public async Task<LoadSlicesReply> LoadSlicesAsync(
        IAsyncEnumerable<LoadSlicesRequest> requests, CancellationToken cancellation)
    {
        var reply = new LoadSlicesReply();
        await foreach (var request in requests.WithCancellation(cancellation))
        {
            if (request.Chunk is { } chunk) reply.BytesTaken += chunk.Data.Length;
            else reply.SlicesComplete = request.Header.Rank;
        }
        return reply;
    }

    public async IAsyncEnumerable<SliceChunk> ReadSlicesAsync(
        ReadSlicesRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var need in request.Wanted)
        {
            await Task.Yield();
            yield return new() { Hash = need.Hash, Data = need.Hash };
        }
    }

    public Task<StartReply> StartAsync(StartRequest request, CancellationToken cancellation) =>
        throw new GrpcException(GrpcStatus.FailedPrecondition, "Rank 3 läuft schon: 100 %.\nStop it first.");

    public Task<StopReply> StopAsync(StopRequest request, CancellationToken cancellation) =>
        throw new InvalidDataException("a secret of the worker");

    public Task<DrainReply> DrainAsync(DrainRequest request, CancellationToken cancellation) =>
        Task.FromResult(new DrainReply { Steps = request.SecondsMax });

    public Task<StatusReply> StatusAsync(StatusRequest request, CancellationToken cancellation) =>
        Task.FromResult(new StatusReply());

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        try
        {
            for (var i = 0; i < 3; i++) yield return new() { Progress = new() { BytesLoaded = i, BytesTotal = 3 } };
            if (request.IntervalMilliseconds > 0) await Task.Delay(Timeout.Infinite, cancellation);
            yield return new() { PeerLost = new() { Rank = 2, Epoch = 7, Reason = "it was silent" } };
        }
        finally
        {
            WatchEnded.TrySetResult(cancellation.IsCancellationRequested);
        }
    }

    public async IAsyncEnumerable<TraceChunk> TraceAsync(
        TraceRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Yield();
        yield return new() { Spans = { new TraceSpan { Name = "step", StartNanoseconds = request.SinceNanoseconds } } };
    }
}
