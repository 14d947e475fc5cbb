using Minka.Collectives.Metrics;

namespace Minka.Collectives;

/// <summary>A fixed group of ranks that exchange numbers.</summary>
/// <remarks>
/// Every rank calls the same operations, with the same sizes, in the same order, from one thread at a time. A rank
/// that is lost is a <see cref="PeerLostException"/> at every other one within the deadline; the group is of no use
/// after it. Nothing is allocated per call.
/// </remarks>
public interface ICommunicator
{
    /// <summary>This process's place in the group, from 0.</summary>
    int Rank { get; }

    /// <summary>Ranks in the group.</summary>
    int Size { get; }

    /// <summary>What was measured since the start.</summary>
    CommunicatorMetrics Metrics { get; }

    /// <summary>Replaces the values by their sums over all ranks. The same bits on every rank.</summary>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    void AllReduce(Span<float> values);

    /// <summary>Collects the values of all ranks, exactly, in rank order.</summary>
    /// <param name="mine">This rank's values, <c>counts[Rank]</c> of them.</param>
    /// <param name="all">Receives the values of all ranks, the sum of <paramref name="counts"/>.</param>
    /// <param name="counts">Values of each rank; the same on every rank.</param>
    /// <exception cref="ArgumentException">Lengths and counts disagree.</exception>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    void AllGather(ReadOnlySpan<float> mine, Span<float> all, ReadOnlySpan<int> counts);

    /// <summary>Gives every rank the bytes of one.</summary>
    /// <param name="bytes">Sent by <paramref name="root"/>, overwritten at the others.</param>
    /// <param name="root">Rank that has them.</param>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    void Broadcast(Span<byte> bytes, int root);

    /// <summary>Sends values to one rank in the boundary's number format.</summary>
    /// <exception cref="PeerLostException">The rank is gone or does not take them.</exception>
    void Send(int peer, ReadOnlySpan<float> values);

    /// <summary>Receives as many values as were sent.</summary>
    /// <exception cref="PeerLostException">The rank is gone, silent, or sent another number of values.</exception>
    void Receive(int peer, Span<float> values);

    /// <summary>Sends a message of any bytes to one rank.</summary>
    /// <exception cref="ArgumentException">The message is longer than a frame.</exception>
    /// <exception cref="PeerLostException">The rank is gone or does not take it.</exception>
    void SendMessage(int peer, ReadOnlySpan<byte> message);

    /// <summary>Receives the next message of one rank. The span is valid until the next operation.</summary>
    /// <param name="peer">Who sends it.</param>
    /// <param name="within">Longest silence; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <exception cref="PeerLostException">The rank is gone or silent.</exception>
    ReadOnlySpan<byte> ReceiveMessage(int peer, TimeSpan within);

    /// <summary>Returns when all ranks have called it.</summary>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    void Barrier();
}
