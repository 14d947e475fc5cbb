namespace Minka.Compute.Cpu;

/// <summary>What a <see cref="CpuBackend"/> needs to know.</summary>
public sealed record CpuOptions
{
    /// <summary>Threads that compute, the caller included; 0 takes one per physical core that is ours.</summary>
    public int Threads { get; init; }

    /// <summary>Holds every matrix as F32: slow, large, and the same numbers as a plain implementation.</summary>
    public bool Reference { get; init; }
}
