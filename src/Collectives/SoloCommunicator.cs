using Minka.Collectives.Metrics;

namespace Minka.Collectives;

/// <summary>A group of one: sums are the values themselves, and there is nobody to talk to.</summary>
public sealed class SoloCommunicator : ICommunicator
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public CommunicatorMetrics Metrics { get; } = new(1);

    /// <inheritdoc/>
    public void AllReduce(Span<float> values)
    {
    }

    /// <inheritdoc/>
    public void AllGather(ReadOnlySpan<float> mine, Span<float> all, ReadOnlySpan<int> counts)
    {
        GatherLayout.Check(mine.Length, all.Length, counts, 0, 1);
        mine.CopyTo(all);
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes, int root)
    {
    }

    /// <inheritdoc/>
    public void Send(int peer, ReadOnlySpan<float> values) => throw Alone(peer);

    /// <inheritdoc/>
    public void Receive(int peer, Span<float> values) => throw Alone(peer);

    /// <inheritdoc/>
    public void SendMessage(int peer, ReadOnlySpan<byte> message) => throw Alone(peer);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> ReceiveMessage(int peer, TimeSpan within) => throw Alone(peer);

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    private static ArgumentOutOfRangeException Alone(int peer) =>
        new(nameof(peer), peer, "The group has one rank, which has nobody to talk to.");
}
