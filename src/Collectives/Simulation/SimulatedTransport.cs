using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Simulation;

/// <summary>One rank's links in a simulated network.</summary>
public sealed class SimulatedTransport : ITransport
{
    private readonly SimulatedNetwork _network;
    private readonly LinkMetrics[] _links;
    private PeerLostException? _lost;
    private long _wait;

    internal SimulatedTransport(SimulatedNetwork network, int rank)
    {
        (_network, Rank) = (network, rank);
        _links = [.. Enumerable.Range(0, network.Size).Select(peer => new LinkMetrics(peer))];
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size => _network.Size;

    /// <inheritdoc/>
    public int MessageBytesMax => _network.Options.MessageBytesMax;

    /// <inheritdoc/>
    public TimeProvider Time => _network.Time;

    /// <inheritdoc/>
    public TransportTimes Times => new(_wait, 0);

    /// <summary>When this rank can go on; null when it has ended. Guarded by the network.</summary>
    internal long? WakeAt { get; set; }

    /// <summary>What <see cref="WakeAt"/> is by now, while this rank waits. Guarded by the network.</summary>
    internal Func<long>? Recompute { get; set; }

    /// <summary>Its process has ended. Guarded by the network.</summary>
    internal bool IsDead { get; set; }

    /// <summary>It has come to the point where all meet. Guarded by the network.</summary>
    internal bool IsJoining { get; set; }

    /// <summary>
    /// Waits until every rank has come to this point, those that were killed when they are revived; links are new then,
    /// as when a cluster is joined again.
    /// </summary>
    /// <param name="within">Longest wait.</param>
    /// <exception cref="PeerLostException">Some rank did not come.</exception>
    public void Join(TimeSpan within)
    {
        if (!_network.Join(Rank, within))
            throw new PeerLostException(Rank, $"the others did not join it within {within.TotalSeconds} s");
        _lost = null;
    }

    /// <summary>Lets virtual time pass, as computing does.</summary>
    public void Compute(TimeSpan duration)
    {
        ThrowIfLost();
        _network.Compute(Rank, duration);
        if (IsDead) throw new PeerLostException(Rank, "this rank was stopped");
    }

    /// <inheritdoc/>
    public LinkMetrics Link(int peer) => _links[peer];

    /// <inheritdoc/>
    public void Send(int peer, ReadOnlySpan<byte> message)
    {
        if (message.Length > MessageBytesMax)
            throw new ArgumentException($"The message has {message.Length} bytes; a frame carries {MessageBytesMax}.");
        ThrowIfLost();
        _network.Send(Rank, peer, message);
        Link(peer).Sent(message.Length);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Receive(int peer, TimeSpan? within = null)
    {
        ThrowIfLost();
        var start = Time.GetTimestamp();
        var message = _network.Receive(peer, Rank, within ?? _network.Options.Deadline, out var lost);
        _wait += Time.GetTimestamp() - start;
        if (message is null) throw Lose(lost!.Rank, lost.Reason);
        Link(peer).Received(message.Length);
        return message;
    }

    /// <inheritdoc/>
    public PeerLostException Lose(int peer, string reason)
    {
        _lost ??= new(peer, reason);
        _network.Leave(Rank, _lost);
        return _lost;
    }

    /// <inheritdoc/>
    public void Abort() => Lose(Rank, "this rank was stopped");

    /// <inheritdoc/>
    public void Dispose() => _network.Leave(Rank, null);

    private void ThrowIfLost()
    {
        if (_lost is not null) throw new PeerLostException(_lost.Rank, _lost.Reason);
    }
}
