namespace Minka.Collectives.Metrics;

/// <summary>What a group did and how long it took, since its start.</summary>
public sealed class CommunicatorMetrics
{
    private readonly LinkMetrics[] _links;
    private readonly OperationMetrics[] _operations =
        [.. Enum.GetValues<CollectiveOperation>().Select(operation => new OperationMetrics(operation))];

    internal CommunicatorMetrics(int size) =>
        _links = [.. Enumerable.Range(0, size).Select(peer => new LinkMetrics(peer))];

    internal CommunicatorMetrics(IEnumerable<LinkMetrics> links) => _links = [.. links];

    /// <summary>Links by rank in the group; this rank's own stays at zero.</summary>
    public IReadOnlyList<LinkMetrics> Links => _links;

    /// <summary>Kinds of operations.</summary>
    public IReadOnlyList<OperationMetrics> Operations => _operations;

    /// <summary>One kind of operation.</summary>
    public OperationMetrics this[CollectiveOperation operation] => _operations[(int)operation];
}

/// <summary>Kinds of operations of a group.</summary>
public enum CollectiveOperation
{
    /// <summary>Sums over all ranks.</summary>
    AllReduce,

    /// <summary>Values of all ranks.</summary>
    AllGather,

    /// <summary>Bytes of one rank for all.</summary>
    Broadcast,

    /// <summary>Values or a message to one rank.</summary>
    Send,

    /// <summary>Values or a message from one rank.</summary>
    Receive,

    /// <summary>Waiting for all.</summary>
    Barrier,
}

/// <summary>How long one kind of operation took: waiting for others, moving bytes, computing.</summary>
public sealed class OperationMetrics
{
    private long _bytes;

    /// <summary>Nothing yet.</summary>
    public OperationMetrics(CollectiveOperation operation) => Operation = operation;

    /// <summary>Which kind.</summary>
    public CollectiveOperation Operation { get; }

    /// <summary>As reports call it.</summary>
    public string Name => Operation switch
    {
        CollectiveOperation.AllReduce => "all-reduce",
        CollectiveOperation.AllGather => "all-gather",
        CollectiveOperation.Broadcast => "broadcast",
        CollectiveOperation.Send => "send",
        CollectiveOperation.Receive => "receive",
        _ => "barrier",
    };

    /// <summary>Until the first byte of each message arrived: latency of the link and lateness of the peer.</summary>
    public LatencyHistogram Wait { get; } = new();

    /// <summary>From the first byte of each message to its last, and handing bytes to the link.</summary>
    public LatencyHistogram Transfer { get; } = new();

    /// <summary>Converting and adding.</summary>
    public LatencyHistogram Reduce { get; } = new();

    /// <summary>All of an operation.</summary>
    public LatencyHistogram Total { get; } = new();

    /// <summary>Encoded size of all messages; of a sum, the size of the values once.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Adds what another group did of the same kind.</summary>
    public void Add(OperationMetrics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Volatile.Write(ref _bytes, _bytes + other.Bytes);
        Wait.Add(other.Wait);
        Transfer.Add(other.Transfer);
        Reduce.Add(other.Reduce);
        Total.Add(other.Total);
    }

    internal void Record(long total, long wait, long transfer, long bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Wait.Record(wait);
        Transfer.Record(transfer);
        Reduce.Record(total - wait - transfer);
        Total.Record(total);
    }
}

/// <summary>What went over one link.</summary>
public sealed class LinkMetrics
{
    private long _bytesSent, _bytesReceived, _framesSent, _framesReceived;

    internal LinkMetrics(int peer) => Peer = peer;

    /// <summary>The other rank, in the transport's numbering.</summary>
    public int Peer { get; }

    /// <summary>Bytes go through memory that both ranks share.</summary>
    public bool IsShared { get; internal init; }

    /// <summary>Bytes sent, headers included.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Bytes received, headers included.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Frames sent.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Frames received.</summary>
    public long FramesReceived => Volatile.Read(ref _framesReceived);

    /// <summary>Round trips of small messages, as measured by probes.</summary>
    public LatencyHistogram RoundTrip { get; } = new();

    /// <summary>Until the first byte of a message came that this rank waited for: latency and the peer's lateness.
    /// Only of links over TCP.</summary>
    public LatencyHistogram Wait { get; } = new();

    /// <summary>What the system knows of the connection; null where it does not tell.</summary>
    public LinkHealth? Health => HealthSource?.Invoke();

    internal Func<LinkHealth?>? HealthSource { get; init; }

    internal void Sent(int bytes)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + bytes);
        Volatile.Write(ref _framesSent, _framesSent + 1);
    }

    internal void Received(int bytes)
    {
        Volatile.Write(ref _bytesReceived, _bytesReceived + bytes);
        Volatile.Write(ref _framesReceived, _framesReceived + 1);
    }
}

/// <summary>What the system knows of a connection.</summary>
/// <param name="RoundTripMicroseconds">Smoothed, from acknowledgements; a peer that answers late lengthens it.</param>
/// <param name="Retransmissions">Segments that were sent again since the connection began.</param>
public readonly record struct LinkHealth(long RoundTripMicroseconds, long Retransmissions);
