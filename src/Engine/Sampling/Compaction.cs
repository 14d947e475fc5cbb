using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Minka.Engine.Sampling;

/// <summary>Moves what is kept of three parallel lists to their beginning, eight entries at a time.</summary>
internal static class Compaction
{
    private const int Lanes = 8;
    private const uint All = (1u << Lanes) - 1;

    // Byte k of entry m: which bit of m is the k-th that is set, so that a shuffle moves those lanes to the front.
    private static readonly ulong[] _lanes = [.. Enumerable.Range(0, 1 << Lanes).Select(BitsOf)];

    /// <summary>Keeps the entries of keys above a border, and the first ones of keys equal to it.</summary>
    /// <param name="keys">One for each entry; NaN is not kept. May be one of the lists.</param>
    /// <param name="border">The last key that is kept.</param>
    /// <param name="equal">Entries with that key to keep.</param>
    /// <param name="first">A list, as long as <paramref name="keys"/> at least.</param>
    /// <param name="second">Another one.</param>
    /// <param name="third">Another one.</param>
    /// <returns>Entries kept.</returns>
    public static int Keep(
        ReadOnlySpan<float> keys, float border, int equal, Span<int> first, Span<float> second, Span<float> third)
    {
        // Every list is as long as the keys, so that no index below is past an end.
        if (Math.Min(first.Length, Math.Min(second.Length, third.Length)) < keys.Length)
            throw new ArgumentException($"A list is shorter than the {keys.Length} keys.", nameof(keys));
        var (i, kept) = (0, 0);
        ref var key = ref MemoryMarshal.GetReference(keys);
        for (; i <= keys.Length - Lanes; i += Lanes)
        {
            var block = Vector256.LoadUnsafe(ref key, (nuint)i);
            var mask = Vector256.GreaterThan(block, Vector256.Create(border)).ExtractMostSignificantBits();
            var same = Vector256.Equals(block, Vector256.Create(border)).ExtractMostSignificantBits();
            if (same != 0) mask |= Take(same, ref equal);
            if (mask == 0 || (mask == All && kept == i))
            {
                kept += mask == 0 ? 0 : Lanes;
                continue;
            }

            if (Vector256.IsHardwareAccelerated)
            {
                var lanes = LanesOf(mask);
                Move(ref MemoryMarshal.GetReference(first), i, kept, lanes);
                Move(ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(second)), i, kept, lanes);
                Move(ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(third)), i, kept, lanes);
            }
            else Copy(i, kept, mask, first, second, third);
            kept += BitOperations.PopCount(mask);
        }
        for (; i < keys.Length; i++)
        {
            var isKept = keys[i] > border || (keys[i] == border && equal-- > 0);
            (first[kept], second[kept], third[kept]) = (first[i], second[i], third[i]);
            kept += isKept ? 1 : 0;
        }
        return kept;
    }

    /// <summary>Copies entries whose keys lie between two others, or are one of them.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="values">As many.</param>
    /// <param name="least">The least key that is kept.</param>
    /// <param name="most">The largest.</param>
    /// <param name="keptKeys">Receives keys; as long, and may be the same.</param>
    /// <param name="keptValues">Receives what belongs to them.</param>
    /// <returns>Entries kept.</returns>
    public static int Between(
        ReadOnlySpan<float> keys, ReadOnlySpan<float> values, float least, float most,
        Span<float> keptKeys, Span<float> keptValues)
    {
        var (i, kept) = (0, 0);
        for (; i <= keys.Length - Lanes && Vector256.IsHardwareAccelerated; i += Lanes)
        {
            var block = Vector256.Create(keys.Slice(i, Lanes));
            var mask = (Vector256.GreaterThanOrEqual(block, Vector256.Create(least))
                & Vector256.LessThanOrEqual(block, Vector256.Create(most))).ExtractMostSignificantBits();
            if (mask == 0) continue;

            var lanes = LanesOf(mask);
            var moved = Vector256.ShuffleNative(Vector256.Create(values.Slice(i, Lanes)).AsInt32(), lanes).AsSingle();
            moved.CopyTo(keptValues.Slice(kept, Lanes));
            Vector256.ShuffleNative(block.AsInt32(), lanes).AsSingle().CopyTo(keptKeys.Slice(kept, Lanes));
            kept += BitOperations.PopCount(mask);
        }
        for (; i < keys.Length; i++)
        {
            var isKept = keys[i] >= least && keys[i] <= most;
            (keptKeys[kept], keptValues[kept]) = (keys[i], values[i]);
            kept += isKept ? 1 : 0;
        }
        return kept;
    }

    private static uint Take(uint mask, ref int count)
    {
        var taken = mask;
        for (var extra = BitOperations.PopCount(mask) - Math.Max(count, 0); extra > 0; extra--)
            taken &= ~(1u << BitOperations.Log2(taken));
        count -= BitOperations.PopCount(taken);
        return taken;
    }

    // Eight entries are written where fewer are kept; the next ones lie behind them and are not lost.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(ref int list, int from, int to, Vector256<int> lanes) =>
        Vector256.ShuffleNative(Vector256.LoadUnsafe(ref list, (nuint)from), lanes).StoreUnsafe(ref list, (nuint)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LanesOf(uint mask)
    {
        var bytes = Vector128.CreateScalar(_lanes[mask]).AsByte();
        return Vector256.WidenLower(Vector128.WidenLower(bytes).ToVector256Unsafe()).AsInt32();
    }

    private static void Copy(int from, int to, uint mask, Span<int> first, Span<float> second, Span<float> third)
    {
        for (; mask != 0; mask &= mask - 1, to++)
        {
            var i = from + BitOperations.TrailingZeroCount(mask);
            (first[to], second[to], third[to]) = (first[i], second[i], third[i]);
        }
    }

    private static ulong BitsOf(int mask)
    {
        var lanes = 0ul;
        for (var (bit, at) = (0, 0); bit < Lanes; bit++)
            if ((mask >> bit & 1) != 0) lanes |= (ulong)bit << (8 * at++);
        return lanes;
    }
}
