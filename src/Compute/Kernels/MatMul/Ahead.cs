using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Asks for weights before they are needed; hardware prefetchers start late and stop at pages.</summary>
internal static unsafe class Ahead
{
    private const int Distance = 2304;
    private const int CacheLine = 64;

    /// <summary>Asks for so many bytes at a fixed distance after <paramref name="w"/>.</summary>
    /// <remarks>Past the end of the weights it asks for nothing: prefetches do not fault.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* w, int bytes)
    {
        if (!Sse.IsSupported) return;
        if (bytes > 0) Sse.Prefetch0(w + Distance);
        if (bytes > CacheLine) Sse.Prefetch0(w + Distance + CacheLine);
        if (bytes > 2 * CacheLine) Sse.Prefetch0(w + Distance + (2 * CacheLine));
        if (bytes > 3 * CacheLine) Sse.Prefetch0(w + Distance + (3 * CacheLine));
        if (bytes > 4 * CacheLine) Sse.Prefetch0(w + Distance + (4 * CacheLine));
        if (bytes > 5 * CacheLine) Sse.Prefetch0(w + Distance + (5 * CacheLine));
        if (bytes > 6 * CacheLine) Sse.Prefetch0(w + Distance + (6 * CacheLine));
        if (bytes > 7 * CacheLine) Sse.Prefetch0(w + Distance + (7 * CacheLine));
        if (bytes > 8 * CacheLine) Sse.Prefetch0(w + Distance + (8 * CacheLine));
    }
}
