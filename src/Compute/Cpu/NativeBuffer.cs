using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Minka.Compute.Cpu;

/// <summary>Zeroed native memory on a cache-line boundary, freed once.</summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    private const int HugePageBytes = 2 << 20;
    private const int CacheLineBytes = 64;
    private const int BehindBytes = 256;
    private const int AdviseHugePages = 14;     // MADV_HUGEPAGE of linux/mman.h

    private void* _allocation;

    /// <summary>Allocates.</summary>
    /// <param name="bytes">Wanted; a little more is there, so that vectors may read past the end.</param>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        var isLarge = bytes >= HugePageBytes;
        var alignment = isLarge ? HugePageBytes : CacheLineBytes;

        // Fresh pages of the system are zero already and are taken when first touched, not now.
        var allocated = (nuint)checked(bytes + BehindBytes + alignment);
        _allocation = NativeMemory.AllocZeroed(allocated);
        Data = (byte*)(((nuint)_allocation + (nuint)alignment - 1) & ~((nuint)alignment - 1));

        // Hardware prefetchers stop at page ends and the TLB holds few small pages: large buffers want large pages.
        // Only whole ones are asked for, so that a short tail does not take one. A refusal costs speed only.
        var whole = (nuint)bytes / HugePageBytes * HugePageBytes;
        if (isLarge && OperatingSystem.IsLinux()) _ = Advise(Data, whole, AdviseHugePages);
    }

    /// <summary>Frees what was not disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Size wanted, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>First byte; null once disposed.</summary>
    public byte* Data { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_allocation);
        _allocation = Data = null;
    }

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "madvise", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(void* address, nuint bytes, int advice);
}
