using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>Ranks in one process, joined by bounded queues.</summary>
public sealed class MemoryTransport : ITransport
{
    /// <summary>Messages of one link that are not yet received; the next sender waits.</summary>
    private const int QueuedMax = 64;

    private readonly Mesh _mesh;
    private readonly LinkMetrics[] _links;
    private byte[] _current = [];
    private long _wait;

    private MemoryTransport(Mesh mesh, int rank)
    {
        (_mesh, Rank) = (mesh, rank);
        _links = [.. Enumerable.Range(0, mesh.Size).Select(peer => new LinkMetrics(peer))];
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size => _mesh.Size;

    /// <inheritdoc/>
    public int MessageBytesMax => 1 << 20;

    /// <inheritdoc/>
    public TimeProvider Time => _mesh.Time;

    /// <inheritdoc/>
    public TransportTimes Times => new(_wait, 0);

    /// <summary>All ranks of a group, for one thread each.</summary>
    /// <param name="size">Ranks.</param>
    /// <param name="deadline">Longest silence.</param>
    /// <param name="time">Clock of the metrics.</param>
    public static IReadOnlyList<MemoryTransport> Create(int size, TimeSpan deadline, TimeProvider time)
    {
        var mesh = new Mesh(size, deadline, time);
        return [.. Enumerable.Range(0, size).Select(rank => new MemoryTransport(mesh, rank))];
    }

    /// <inheritdoc/>
    public LinkMetrics Link(int peer) => _links[peer];

    /// <inheritdoc/>
    public void Send(int peer, ReadOnlySpan<byte> message)
    {
        if (message.Length > MessageBytesMax)
            throw new ArgumentException($"The message has {message.Length} bytes; a frame carries {MessageBytesMax}.");
        var copy = message.ToArray();
        lock (_mesh)
        {
            var queue = _mesh.Queue(Rank, peer);
            WaitUntil(() => queue.Count < QueuedMax || _mesh.HasLeft(peer), peer, _mesh.Deadline, "it took nothing");
            if (_mesh.HasLeft(peer)) throw Lost(peer, "it left the group");
            queue.Enqueue(copy);
            Monitor.PulseAll(_mesh);
        }
        _links[peer].Sent(message.Length);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Receive(int peer, TimeSpan? within = null)
    {
        var start = Time.GetTimestamp();
        lock (_mesh)
        {
            var queue = _mesh.Queue(peer, Rank);
            WaitUntil(() => queue.Count > 0 || _mesh.HasLeft(peer), peer, within ?? _mesh.Deadline, "it was silent");
            if (queue.Count == 0) throw Lost(peer, "it left the group");
            _current = queue.Dequeue();
            Monitor.PulseAll(_mesh);
        }
        _wait += Time.GetTimestamp() - start;
        _links[peer].Received(_current.Length);
        return _current;
    }

    /// <inheritdoc/>
    public PeerLostException Lose(int peer, string reason)
    {
        lock (_mesh) return Lost(peer, reason);
    }

    /// <inheritdoc/>
    public void Abort() => Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_mesh)
        {
            _mesh.Leave(Rank);
            Monitor.PulseAll(_mesh);
        }
    }

    private PeerLostException Lost(int peer, string reason)
    {
        _mesh.Lost ??= new(peer, reason);
        Monitor.PulseAll(_mesh);
        return new(_mesh.Lost.Rank, _mesh.Lost.Reason);
    }

    private void WaitUntil(Func<bool> isReady, int peer, TimeSpan deadline, string what)
    {
        var start = Time.GetTimestamp();
        while (!isReady())
        {
            if (_mesh.Lost is { } lost) throw new PeerLostException(lost.Rank, lost.Reason);
            if (_mesh.HasLeft(Rank)) throw new PeerLostException(Rank, "this rank was stopped");
            var left = deadline - Time.GetElapsedTime(start);
            if (deadline == Timeout.InfiniteTimeSpan) Monitor.Wait(_mesh);
            else if (left <= TimeSpan.Zero || !Monitor.Wait(_mesh, left))
                throw Lost(peer, $"{what} for {deadline.TotalSeconds} s");
        }
    }

    /// <summary>What the ranks share; locked by everyone who touches it.</summary>
    private sealed class Mesh(int size, TimeSpan deadline, TimeProvider time)
    {
        private readonly Queue<byte[]>[] _queues =
            [.. Enumerable.Range(0, size * size).Select(_ => new Queue<byte[]>())];

        private readonly bool[] _hasLeft = new bool[size];

        public int Size => size;

        public TimeSpan Deadline => deadline;

        public TimeProvider Time => time;

        public PeerLostException? Lost { get; set; }

        public Queue<byte[]> Queue(int from, int to) => _queues[(from * size) + to];

        public bool HasLeft(int rank) => _hasLeft[rank];

        public void Leave(int rank) => _hasLeft[rank] = true;
    }
}
