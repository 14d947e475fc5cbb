using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Minka.Compute.Formats;

/// <summary>Blocks rounded eight values at a time, bit by bit as one by one: <c>--quantize</c> waits for it.</summary>
internal static class VectorRounding
{
    private const int Lanes = 8, Length = 32;
    private const int Magnitude = int.MaxValue;      // all bits but the sign

    /// <summary>Rounds a block of <see cref="Q8_0"/>.</summary>
    /// <param name="values">32 values.</param>
    /// <param name="block">The block.</param>
    /// <returns>False, and nothing done, without vectors or where the scale or its inverse is 0 or no number.</returns>
    public static bool TryQ8_0(ReadOnlySpan<float> values, out Q8_0 block)
    {
        block = default;
        var largest = BitConverter.Int32BitsToSingle(LargestMagnitude(values, out _));
        var scale = largest / 127;
        var inverse = Rounding.Inverse(scale);
        if (!Vector128.IsHardwareAccelerated || inverse == 0 || !float.IsFinite(inverse)) return false;

        block.Scale = (Half)scale;
        ref var to = ref Unsafe.As<Values32, sbyte>(ref block.Values);
        Vector256.Narrow(Narrow(values, 0, inverse), Narrow(values, 2 * Lanes, inverse)).StoreUnsafe(ref to);
        return true;

        static Vector256<short> Narrow(ReadOnlySpan<float> values, int from, float inverse) => Vector256.Narrow(
            RoundAway(Vector256.Create(values.Slice(from, Lanes)) * inverse),
            RoundAway(Vector256.Create(values.Slice(from + Lanes, Lanes)) * inverse));
    }

    /// <summary>Rounds a block of <see cref="Q4_0"/>.</summary>
    /// <param name="values">32 values.</param>
    /// <param name="block">The block.</param>
    /// <returns>False, and nothing done, without vectors or where the scale or its inverse is 0 or no number.</returns>
    public static bool TryQ4_0(ReadOnlySpan<float> values, out Q4_0 block)
    {
        block = default;
        LargestMagnitude(values, out var first);
        var scale = values[first] / -8;
        var inverse = Rounding.Inverse(scale);
        if (!Vector128.IsHardwareAccelerated || inverse == 0 || !float.IsFinite(inverse)) return false;

        block.Scale = (Half)scale;
        var nibbles = Vector256.Narrow(Pair(values, 0, inverse), Pair(values, Lanes, inverse));
        Vector256.Narrow(nibbles, nibbles).GetLower()
            .StoreUnsafe(ref Unsafe.As<Nibbles32, byte>(ref block.Nibbles));
        return true;

        static Vector256<uint> Pair(ReadOnlySpan<float> values, int from, float inverse) =>
            Nibbles(values, from, inverse) | (Nibbles(values, from + (Length / 2), inverse) << 4);

        static Vector256<uint> Nibbles(ReadOnlySpan<float> values, int from, float inverse)
        {
            var steps = (Vector256.Create(values.Slice(from, Lanes)) * inverse) + Vector256.Create(8.5f);
            return Vector256.Min(Vector256.ConvertToInt32Native(steps), Vector256.Create(15)).AsUInt32();
        }
    }

    /// <summary>The bits of the largest magnitude, NaN above all numbers, and where it first occurs.</summary>
    private static int LargestMagnitude(ReadOnlySpan<float> values, out int first)
    {
        ref var from = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<float, int>(values[..Length]));
        var (a, b) = (At(ref from, 0), At(ref from, 1));
        var (c, d) = (At(ref from, 2), At(ref from, 3));
        var most = Vector256.Max(Vector256.Max(a, b), Vector256.Max(c, d));
        var half = Vector128.Max(most.GetLower(), most.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));

        var largest = Vector256.Create(half[0]);
        first = BitOperations.TrailingZeroCount(Vector256.Equals(a, largest).ExtractMostSignificantBits()
            | (Vector256.Equals(b, largest).ExtractMostSignificantBits() << Lanes)
            | (Vector256.Equals(c, largest).ExtractMostSignificantBits() << (2 * Lanes))
            | (Vector256.Equals(d, largest).ExtractMostSignificantBits() << (3 * Lanes)));
        return half[0];

        static Vector256<int> At(ref int from, int block) =>
            Vector256.LoadUnsafe(ref from, (nuint)(block * Lanes)) & Vector256.Create(Magnitude);
    }

    /// <summary>The nearest integers, of two equally near ones the one away from zero.</summary>
    private static Vector256<int> RoundAway(Vector256<float> values)
    {
        // What truncation takes off is exact, unlike a half added first.
        var whole = Vector256.Truncate(values);
        var isFar = Vector256.GreaterThanOrEqual(Vector256.Abs(values - whole), Vector256.Create(0.5f));
        var one = Vector256.CopySign(Vector256<float>.One, values);
        return Vector256.ConvertToInt32Native(whole + (isFar.AsSingle() & one));
    }
}
