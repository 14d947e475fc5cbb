using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>Links from this rank to all others: messages in order, whole or not at all.</summary>
/// <remarks>
/// One thread at a time uses a transport. A message is sent whether or not the other side is receiving, up to the
/// room of the link; past that the sender waits. While a sender waits it takes in what others send, so that ranks
/// that send to each other before they receive do not wait for each other for ever.
/// </remarks>
public interface ITransport : IDisposable
{
    /// <summary>This rank.</summary>
    int Rank { get; }

    /// <summary>Ranks, this one included.</summary>
    int Size { get; }

    /// <summary>Longest message in bytes.</summary>
    int MessageBytesMax { get; }

    /// <summary>The clock of deadlines and metrics.</summary>
    TimeProvider Time { get; }

    /// <summary>Waiting and moving so far.</summary>
    TransportTimes Times { get; }

    /// <summary>What went over the link to one rank.</summary>
    LinkMetrics Link(int peer);

    /// <summary>Sends a message.</summary>
    /// <exception cref="PeerLostException">A rank is gone, or does not take the message in time.</exception>
    void Send(int peer, ReadOnlySpan<byte> message);

    /// <summary>Receives the next message of a rank. The span is valid until the next call of any kind.</summary>
    /// <param name="peer">Who sends it.</param>
    /// <param name="within">Longest silence; null takes the transport's own.</param>
    /// <exception cref="PeerLostException">A rank is gone, silent, or does not speak the protocol.</exception>
    ReadOnlySpan<byte> Receive(int peer, TimeSpan? within = null);

    /// <summary>Gives a rank up, tells the others, and closes all links.</summary>
    /// <returns>What to throw.</returns>
    PeerLostException Lose(int peer, string reason);

    /// <summary>Closes all links at once; what waits on them ends. May be called from any thread.</summary>
    void Abort();
}

/// <summary>Where the time of a transport went.</summary>
/// <param name="Wait">Timestamp ticks until first bytes came.</param>
/// <param name="Transfer">Timestamp ticks while bytes came or were handed over.</param>
public readonly record struct TransportTimes(long Wait, long Transfer);
