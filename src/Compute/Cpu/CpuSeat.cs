using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Minka.Compute.Cpu;

/// <summary>Where the system lets the calling thread run.</summary>
/// <remarks>
/// A thread that is woken may be put on the processor of the thread that woke it, although another one is idle. If the
/// two then work in turns, because each waits for the other, neither is ever long enough ready to run for the system to
/// notice, and they stay there for a long time at half their speed. Known on Linux; elsewhere nothing is done.
/// </remarks>
internal static unsafe class CpuSeat
{
    /// <summary>No processor, or one that is not known.</summary>
    public const int Unknown = -1;

    private const int SetBytes = 128;   // processors 0 to 1023, the size of the C library's cpu_set_t

    /// <summary>The processor that runs the calling thread at this moment, or <see cref="Unknown"/>.</summary>
    public static int Current => OperatingSystem.IsLinux() ? GetCpu() : Unknown;

    /// <summary>Moves the calling thread to another of the processors that it may use. It is free to go anywhere
    /// afterwards, back too.</summary>
    /// <param name="cpu">The processor to leave.</param>
    /// <returns>Where it went; <see cref="Unknown"/> if there is no other or the system does not allow it.</returns>
    public static int Leave(int cpu)
    {
        if (cpu is < 0 or >= SetBytes * 8 || !OperatingSystem.IsLinux()) return Unknown;
        byte* allowed = stackalloc byte[SetBytes], others = stackalloc byte[SetBytes];
        if (GetAffinity(0, SetBytes, allowed) != 0) return Unknown;
        new ReadOnlySpan<byte>(allowed, SetBytes).CopyTo(new Span<byte>(others, SetBytes));
        others[cpu / 8] &= (byte)~(1 << (cpu % 8));
        if (SetAffinity(0, SetBytes, others) != 0) return Unknown;

        var seat = GetCpu();
        _ = SetAffinity(0, SetBytes, allowed);
        return seat;
    }

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "sched_getcpu", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetCpu();

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "sched_getaffinity", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAffinity(int thread, nuint bytes, byte* set);

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "sched_setaffinity", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAffinity(int thread, nuint bytes, byte* set);
}
