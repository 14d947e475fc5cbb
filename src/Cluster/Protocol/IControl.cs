namespace Minka.Cluster.Protocol;

/// <summary>The control plane of a worker: what <c>control.proto</c> says, method by method.</summary>
/// <remarks>What an implementation throws as GrpcException reaches the caller as it is; other faults do not.</remarks>
public interface IControl
{
    /// <summary>Who is there, what it has, and what of an assignment it lacks.</summary>
    Task<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellation);

    /// <summary>Measures the machine and its links.</summary>
    Task<ProbeReply> ProbeAsync(ProbeRequest request, CancellationToken cancellation);

    /// <summary>Takes slices of weights.</summary>
    Task<LoadSlicesReply> LoadSlicesAsync(
        IAsyncEnumerable<LoadSlicesRequest> requests, CancellationToken cancellation);

    /// <summary>Slices that this worker has, for another one.</summary>
    IAsyncEnumerable<SliceChunk> ReadSlicesAsync(ReadSlicesRequest request, CancellationToken cancellation);

    /// <summary>Loads an assignment and joins the other ranks.</summary>
    Task<StartReply> StartAsync(StartRequest request, CancellationToken cancellation);

    /// <summary>Leaves the cluster at once.</summary>
    Task<StopReply> StopAsync(StopRequest request, CancellationToken cancellation);

    /// <summary>Leaves the cluster when the steps that run have ended.</summary>
    Task<DrainReply> DrainAsync(DrainRequest request, CancellationToken cancellation);

    /// <summary>What the worker is doing.</summary>
    Task<StatusReply> StatusAsync(StatusRequest request, CancellationToken cancellation);

    /// <summary>Events as they happen.</summary>
    IAsyncEnumerable<WatchEvent> WatchAsync(WatchRequest request, CancellationToken cancellation);

    /// <summary>What the rank did lately.</summary>
    IAsyncEnumerable<TraceChunk> TraceAsync(TraceRequest request, CancellationToken cancellation);
}
