using System.Text.Json.Serialization;

namespace Minka.Plan;

/// <summary>The machines there are and the links between them.</summary>
/// <param name="Nodes">Machines, each name once.</param>
/// <param name="Links">Measured or declared links; a pair that is missing has a link of unknown quality.</param>
public sealed record Topology(IReadOnlyList<NodeSpec> Nodes, IReadOnlyList<LinkSpec> Links);

/// <summary>A machine.</summary>
public sealed record NodeSpec
{
    /// <summary>Unique.</summary>
    public required string Name { get; init; }

    /// <summary><c>host:port</c> its worker listens on.</summary>
    public required string Address { get; init; }

    /// <summary>Memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Bytes of it that are not ours to use.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>What computes in it; at least one.</summary>
    public required IReadOnlyList<DeviceSpec> Devices { get; init; }
}

/// <summary>Something that computes.</summary>
public sealed record DeviceSpec
{
    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Threads that compute; 1 for a GPU.</summary>
    public required int Threads { get; init; }

    /// <summary>Bytes per second that weights are read with.</summary>
    public required Figure ReadBytesPerSecond { get; init; }

    /// <summary>Floating-point operations per second of a large product.</summary>
    public required Figure FlopsPerSecond { get; init; }

    /// <summary>Memory of its own in bytes; 0 if it uses the machine's.</summary>
    public long MemoryBytes { get; init; }
}

/// <summary>A link between two machines, alike in both directions.</summary>
/// <param name="From">One end.</param>
/// <param name="To">The other.</param>
/// <param name="LatencyMicroseconds">One way, small message, median.</param>
/// <param name="LatencyP99Microseconds">One way, small message, 99th percentile.</param>
/// <param name="BytesPerSecond">Payload of a large message.</param>
public sealed record LinkSpec(
    string From, string To, Figure LatencyMicroseconds, Figure LatencyP99Microseconds, Figure BytesPerSecond);

/// <summary>A number and where it comes from.</summary>
/// <param name="Value">The number, in the unit its field names.</param>
/// <param name="Source">How much to trust it.</param>
public readonly record struct Figure(double Value, FigureSource Source);

/// <summary>Where a number comes from.</summary>
public enum FigureSource
{
    /// <summary>Nobody said; a cautious guess.</summary>
    [JsonStringEnumMemberName("default")] Default,

    /// <summary>A person said so.</summary>
    [JsonStringEnumMemberName("declared")] Declared,

    /// <summary>Measured on this machine.</summary>
    [JsonStringEnumMemberName("measured")] Measured,
}
