using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Minka.Collectives.Wires;

/// <summary>
/// Adding, compiled to its fastest at the first call: links are measured as soon as a process has started.
/// </summary>
internal static class Sums
{
    /// <summary>Adds each value to its sum. The values may lie at any address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<float> values, Span<float> sums)
    {
        if (values.Length != sums.Length)
            throw new ArgumentException($"{values.Length} values cannot be added to {sums.Length} sums.");
        ref var from = ref MemoryMarshal.GetReference(values);
        ref var to = ref MemoryMarshal.GetReference(sums);
        var i = 0;
        for (; i <= sums.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var sum = Vector.LoadUnsafe(ref to, (nuint)i) + Vector.LoadUnsafe(ref from, (nuint)i);
            sum.StoreUnsafe(ref to, (nuint)i);
        }
        for (; i < sums.Length; i++) sums[i] += values[i];
    }
}
