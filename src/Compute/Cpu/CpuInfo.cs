using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Minka.Compute.Cpu;

/// <summary>The processor and memory that this process may use, as far as the system tells.</summary>
public sealed record CpuInfo
{
    /// <summary>Data cache of the last level assumed where the system tells nothing.</summary>
    private const long LastLevelCacheBytesAssumed = 32L << 20;

    /// <summary>Name of the CPU, or of its architecture.</summary>
    public required string Model { get; init; }

    /// <summary>Instructions in use.</summary>
    public InstructionTier Tier { get; init; } = InstructionTiers.Current;

    /// <summary>Why these instructions: a sentence.</summary>
    public string TierReason { get; } = InstructionTiers.Reason;

    /// <summary>Threads the hardware runs at once for this process.</summary>
    public required int LogicalCores { get; init; }

    /// <summary>Cores that this process may run on; hyper-threads of one core count once.</summary>
    public required int PhysicalCores { get; init; }

    /// <summary>Cores' worth of time that a container allows; null without a quota.</summary>
    public double? QuotaCores { get; init; }

    /// <summary>Memory of the machine in bytes.</summary>
    public required long TotalMemoryBytes { get; init; }

    /// <summary>Memory that this process could still take, in bytes: what machine and container leave.</summary>
    public required long AvailableMemoryBytes { get; init; }

    /// <summary>Most memory that a container allows, in bytes; null without a limit.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>First-level data cache of a core, in bytes; 0 where unknown.</summary>
    public long Level1CacheBytes { get; init; }

    /// <summary>Second-level cache, in bytes; 0 where unknown.</summary>
    public long Level2CacheBytes { get; init; }

    /// <summary>Last-level cache that a core shares, in bytes; assumed where unknown.</summary>
    public required long LastLevelCacheBytes { get; init; }

    /// <summary>Threads a backend takes by default: one per physical core, within the quota, at least one.</summary>
    public int DefaultThreads => Math.Clamp(
        QuotaCores is { } quota ? Math.Min(PhysicalCores, (int)Math.Floor(quota)) : PhysicalCores,
        1, ThreadTeam.SizeMax);

    /// <summary>Looks at this machine now. Never throws: what cannot be found out is estimated.</summary>
    public static CpuInfo Read() => Read("/");

    /// <summary>The same with the system's files elsewhere.</summary>
    internal static CpuInfo Read(string root)
    {
        var linux = LinuxCpu.Read(root);
        var group = ControlGroup.Read(root);
        var memory = GC.GetGCMemoryInfo();
        var total = linux.TotalBytes > 0 ? linux.TotalBytes : memory.TotalAvailableMemoryBytes;
        var free = linux.FreeBytes > 0
            ? linux.FreeBytes
            : Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        return new CpuInfo
        {
            Model = ModelOf(linux),
            LogicalCores = Environment.ProcessorCount,
            PhysicalCores = linux.PhysicalCores > 0 ? linux.PhysicalCores : Environment.ProcessorCount,
            QuotaCores = group.Cores,
            TotalMemoryBytes = total,
            AvailableMemoryBytes = Math.Min(free, group.FreeBytes ?? free),
            MemoryLimitBytes = group.MemoryBytes,
            Level1CacheBytes = linux.Caches.GetValueOrDefault(1),
            Level2CacheBytes = linux.Caches.GetValueOrDefault(2),
            LastLevelCacheBytes = linux.Caches.Count > 0 && linux.Caches[linux.Caches.Keys.Max()] is > 0 and var last
                ? last
                : LastLevelCacheBytesAssumed,
        };
    }

    private static string ModelOf(LinuxCpu linux)
    {
        if (linux.Model.Length > 0) return linux.Model;
        var brand = X86Base.IsSupported ? Brand() : "";
        return brand.Length > 0 ? brand : $"{RuntimeInformation.ProcessArchitecture} CPU";
    }

    // The brand string is in three leaves of CPUID, 16 bytes each.
    private static string Brand()
    {
        if ((uint)X86Base.CpuId(unchecked((int)0x8000_0000), 0).Eax < 0x8000_0004) return "";
        Span<int> words = stackalloc int[12];
        for (var leaf = 0; leaf < 3; leaf++)
        {
            (words[4 * leaf], words[4 * leaf + 1], words[4 * leaf + 2], words[4 * leaf + 3]) =
                X86Base.CpuId(unchecked((int)0x8000_0002) + leaf, 0);
        }
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Trim('\0', ' ');
    }
}
