using System.Runtime.InteropServices;

namespace Minka.Compute.Packing;

/// <summary>Memory for weights: off the collector's heap, aligned, on large pages where the system has them.</summary>
internal sealed unsafe partial class WeightMemory : IDisposable
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePage = 14;

    private byte* _pointer;

    /// <summary>Allocates; the bytes are not cleared.</summary>
    public WeightMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        var isLarge = (nuint)bytes >= HugePage;
        _pointer = (byte*)NativeMemory.AlignedAlloc(Math.Max((nuint)bytes, 1), isLarge ? HugePage : CacheLine);

        // Hardware prefetchers stop at the end of a page, and a step walks all weights. Only whole large pages are
        // asked for, so that a short tail does not take one. A refusal costs speed only.
        if (isLarge && OperatingSystem.IsLinux()) _ = Advise(_pointer, (nuint)bytes & ~(HugePage - 1), AdviseHugePage);
    }

    /// <summary>Bytes allocated.</summary>
    public long Bytes { get; }

    /// <summary>The first byte, on a cache line.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);
}
