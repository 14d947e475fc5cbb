namespace Minka.Collectives.Simulation;

/// <summary>What the simulated network is like.</summary>
public sealed record SimulatedNetworkOptions
{
    /// <summary>Chance of everything; equal seeds give equal runs.</summary>
    public required int Seed { get; init; }

    /// <summary>One way, at least.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Added to each message by chance, up to this.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>Of each rank's link into the network; messages of one rank go out one after another.</summary>
    public double BytesPerSecond { get; init; } = 117.7e6;

    /// <summary>Longest silence that a rank waits for.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest message in bytes.</summary>
    public int MessageBytesMax { get; init; } = 1 << 20;
}
