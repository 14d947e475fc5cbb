using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels;

/// <summary>Whether a kernel asks for memory that it will read soon.</summary>
internal unsafe interface ILookahead
{
    /// <summary>Asks for the cache line of an address.</summary>
    static abstract void Fetch(byte* address);
}

/// <summary>Asks: pages of a cache lie far apart, and the hardware's own prefetcher stops at the end of each.</summary>
internal readonly unsafe struct FetchAhead : ILookahead
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}

/// <summary>Does not ask: everything is in the cache already.</summary>
internal readonly unsafe struct StayHere : ILookahead
{
    public static void Fetch(byte* address)
    {
    }
}
