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
    private const int ReadWrite = 3;            // PROT_READ | PROT_WRITE
    private const int PrivateAnonymous = 0x22;  // MAP_PRIVATE | MAP_ANONYMOUS
    private const nint MapFailed = -1;

    private readonly nuint _allocated;
    private readonly bool _isMapped;
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

        // Fresh pages of the system are zero already and are taken when first touched, not now. Large ones are asked of
        // the system itself: the C library keeps what a model gives back, and clears it by hand for the next.
        _allocated = (nuint)checked(bytes + BehindBytes + alignment);
        if (isLarge && OperatingSystem.IsLinux())
            _allocation = Map(null, _allocated, ReadWrite, PrivateAnonymous, -1, 0);
        _isMapped = _allocation is not null && (nint)_allocation != MapFailed;
        if (!_isMapped) _allocation = NativeMemory.AllocZeroed(_allocated);
        Data = (byte*)(((nuint)_allocation + (nuint)alignment - 1) & ~((nuint)alignment - 1));

        // Hardware prefetchers stop at page ends and the TLB holds few small pages: large buffers want large pages.
        // Only whole ones are asked for, so that a short tail does not take one. A refusal costs speed only.
        var whole = (nuint)bytes / HugePageBytes * HugePageBytes;
        if (_isMapped) _ = Advise(Data, whole, AdviseHugePages);
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
        if (!_isMapped) NativeMemory.Free(_allocation);
        else if (_allocation is not null) _ = Unmap(_allocation, _allocated);
        _allocation = Data = null;
    }

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "mmap", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "munmap", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmap(void* address, nuint bytes);

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "madvise", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(void* address, nuint bytes, int advice);
}
