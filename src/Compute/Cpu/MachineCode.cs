using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Minka.Compute.Cpu;

/// <summary>Functions written at run time, in memory that is never writable and executable at once.</summary>
/// <remarks>They stay as long as the process: kernels are made once and shared.</remarks>
internal static unsafe partial class MachineCode
{
    private const int ReadWrite = 3, ReadExecute = 5;    // PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC
    private const int PrivateAnonymous = 0x22;           // MAP_PRIVATE | MAP_ANONYMOUS
    private const nint MapFailed = -1;

    /// <summary>Whether this process may have such functions: some systems forbid it, others are not known.</summary>
    public static bool IsAllowed { get; } = TryPlace([0xC3], out var nothing) && Returns(nothing);

    /// <summary>Brings code into memory.</summary>
    /// <param name="code">x86-64 instructions that use no address of their own.</param>
    /// <param name="function">The first instruction.</param>
    /// <returns>Whether the system allowed it.</returns>
    public static bool TryPlace(ReadOnlySpan<byte> code, out nint function)
    {
        function = 0;
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return false;

        var memory = Map(0, (nuint)code.Length, ReadWrite, PrivateAnonymous, -1, 0);
        if (memory is 0 or MapFailed) return false;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (Protect(memory, (nuint)code.Length, ReadExecute) != 0)
        {
            _ = Unmap(memory, (nuint)code.Length);
            return false;
        }
        function = memory;
        return true;
    }

    /// <summary>The same where it was allowed before.</summary>
    /// <exception cref="InvalidOperationException">Not this time.</exception>
    public static nint Place(ReadOnlySpan<byte> code) => TryPlace(code, out var function)
        ? function
        : throw new InvalidOperationException(
            "The system gave no memory for code that is written at run time, as it did before: free some.");

    /// <summary>The same for several functions side by side.</summary>
    /// <param name="functions">Receives where each begins.</param>
    /// <param name="write">The instructions of one.</param>
    public static void Place(Span<nint> functions, Func<int, byte[]> write)
    {
        const int Alignment = 64;
        var code = new List<byte>();
        for (var i = 0; i < functions.Length; i++)
        {
            while (code.Count % Alignment != 0) code.Add(0);
            functions[i] = code.Count;
            code.AddRange(write(i));
        }
        var first = Place([.. code]);
        foreach (ref var function in functions) function += first;
    }

    private static bool Returns(nint function)
    {
        ((delegate* unmanaged<void>)function)();
        return true;
    }

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "mmap", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "mprotect", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Protect(nint address, nuint bytes, int protection);

    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "Blittable already; nothing to generate.")]
    [DllImport("libc", EntryPoint = "munmap", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmap(nint address, nuint bytes);
}
