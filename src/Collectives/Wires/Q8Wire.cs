using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Minka.Collectives.Wires;

/// <summary>
/// Blocks of 32 signed bytes behind a half-precision scale, 34 bytes (as Q8_0); the last may be short.
/// </summary>
/// <remarks>
/// A value is off by at most half a scale: 1/254 of the largest of its block. NaN or infinity makes its whole block
/// NaN, so that a fault is seen and not smoothed.
/// </remarks>
internal sealed class Q8Wire : IWire
{
    private const int Block = 32;
    private const int BlockBytes = 34;
    private const float LargestScale = 65504;

    public string Name => "q8";

    public bool IsExact => false;

    public int Bytes(int count)
    {
        var (blocks, rest) = Math.DivRem(count, Block);
        return checked((blocks * BlockBytes) + (rest == 0 ? 0 : 2 + rest));
    }

    public int Values(int bytes) => bytes / BlockBytes * Block;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (; values.Length > 0; values = Rest(values), bytes = bytes[Math.Min(BlockBytes, bytes.Length)..])
            EncodeBlock(values[..Math.Min(Block, values.Length)], bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Decode(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (; values.Length >= Block; values = values[Block..], bytes = bytes[BlockBytes..])
        {
            var scale = Vector128.Create(Scale(bytes));
            for (var i = 0; i < Block; i += 16)
            {
                Unpack(bytes.Slice(2 + i, 16), out var a, out var b, out var c, out var d);
                (a * scale).CopyTo(values[i..]);
                (b * scale).CopyTo(values[(i + 4)..]);
                (c * scale).CopyTo(values[(i + 8)..]);
                (d * scale).CopyTo(values[(i + 12)..]);
            }
        }
        for (var i = 0; i < values.Length; i++) values[i] = (sbyte)bytes[2 + i] * Scale(bytes);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> bytes, Span<float> sums)
    {
        Span<float> decoded = stackalloc float[Block];
        for (; sums.Length > 0; sums = sums[Math.Min(Block, sums.Length)..])
        {
            var count = Math.Min(Block, sums.Length);
            Decode(bytes, decoded[..count]);
            Sums.Add(decoded[..count], sums[..count]);
            bytes = bytes[(2 + count)..];
        }
    }

    private static ReadOnlySpan<float> Rest(ReadOnlySpan<float> values) => values[Math.Min(Block, values.Length)..];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        var largest = Largest(values);
        var scale = float.IsFinite(largest) ? (Half)Math.Min(largest / 127, LargestScale) : Half.NaN;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, scale);
        var inverse = scale == Half.Zero || Half.IsNaN(scale) ? 0 : 1 / (float)scale;
        var quants = MemoryMarshal.Cast<byte, sbyte>(bytes.Slice(2, values.Length));
        var i = 0;
        for (; i + 16 <= values.Length; i += 16) Pack(values.Slice(i, 16), inverse).CopyTo(quants[i..]);
        for (; i < values.Length; i++)
            quants[i] = (sbyte)Math.Clamp(MathF.Round(Finite(values[i]) * inverse), -127, 127);
    }

    /// <summary>The largest magnitude; NaN if there is one.</summary>
    private static float Largest(ReadOnlySpan<float> values)
    {
        var i = 0;
        var largest = 0f;
        if (values.Length >= Vector128<float>.Count)
        {
            var four = Vector128<float>.Zero;
            for (; i <= values.Length - Vector128<float>.Count; i += Vector128<float>.Count)
                four = Vector128.Max(four, Vector128.Abs(Vector128.Create(values[i..])));
            for (var lane = 0; lane < Vector128<float>.Count; lane++) largest = MathF.Max(largest, four[lane]);
        }
        for (; i < values.Length; i++) largest = MathF.Max(largest, MathF.Abs(values[i]));
        return largest;
    }

    private static float Finite(float value) => float.IsFinite(value) ? value : 0;

    /// <summary>16 values, rounded to even, in order.</summary>
    private static Vector128<sbyte> Pack(ReadOnlySpan<float> values, float inverse) => Vector128.Narrow(
        Vector128.Narrow(Round(values, inverse), Round(values[4..], inverse)),
        Vector128.Narrow(Round(values[8..], inverse), Round(values[12..], inverse)));

    private static Vector128<int> Round(ReadOnlySpan<float> values, float inverse)
    {
        var scaled = Vector128.Round(Vector128.Create(values) * Vector128.Create(inverse));
        var clamped = Vector128.Min(Vector128.Max(scaled, Vector128.Create(-127f)), Vector128.Create(127f));
        return Vector128.ConvertToInt32(clamped);
    }

    private static float Scale(ReadOnlySpan<byte> block) => (float)BinaryPrimitives.ReadHalfLittleEndian(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(
        ReadOnlySpan<byte> bytes, out Vector128<float> a, out Vector128<float> b, out Vector128<float> c,
        out Vector128<float> d)
    {
        var (low, high) = Vector128.Widen(Vector128.Create(MemoryMarshal.Cast<byte, sbyte>(bytes)));
        var (lowLow, lowHigh) = Vector128.Widen(low);
        var (highLow, highHigh) = Vector128.Widen(high);
        a = Vector128.ConvertToSingle(lowLow);
        b = Vector128.ConvertToSingle(lowHigh);
        c = Vector128.ConvertToSingle(highLow);
        d = Vector128.ConvertToSingle(highHigh);
    }
}
