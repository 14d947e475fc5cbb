namespace Minka.Collectives.Transports;

/// <summary>How a TCP transport waits.</summary>
public sealed record TcpTransportOptions
{
    /// <summary>Longest silence of a rank that is waited for.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a receiver asks again and again, yielding its core in between, before it sleeps. More helps only where
    /// a core has nothing else to do.
    /// </summary>
    public TimeSpan Spin { get; init; } = TimeSpan.FromMicroseconds(20);

    /// <summary>Ranks on one machine that reach each other by loopback exchange bytes through memory that they share,
    /// where there is such memory; both must want to.</summary>
    public bool SharesMemory { get; init; } = true;

    /// <summary>Longest message in bytes; longer values are sent in parts.</summary>
    public int MessageBytesMax { get; init; } = 1 << 20;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
