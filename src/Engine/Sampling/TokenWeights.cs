using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Minka.Engine.Sampling;

/// <summary>
/// <c>exp(logit - largest)</c> of tokens, probabilities but for a common factor, rounded to multiples of a small unit.
/// The largest is 1, so that a sum of as many as there are tokens fits a double: sums are exact in any order and in any
/// number of lanes, and every machine draws the same token.
/// </summary>
/// <param name="count">Weights that are ever added, at most; 2^-36 is the unit of 131,072 of them.</param>
internal readonly struct TokenWeights(int count)
{
    private const int DoubleBits = 53, FloatBits = 24;
    private const float Log2E = 1.44269504f;

    // The logarithm of 2 as nine bits, whose products are exact, and the rest.
    private const float Ln2Upper = 0.693359375f, Ln2Lower = -2.12194440e-4f;

    // A float of this size has no bits behind the point; its lowest ones are an integer.
    private const float Whole = 1.5f * (1 << 23);
    private const int Exponent = 23;

    // Far below every unit, and far above where exponents end.
    private const float Least = -86;

    // Adding this rounds what is smaller to a multiple of the unit; what is larger is one already.
    private readonly float _rounding = MathF.ScaleB(
        1, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)count)) - DoubleBits + FloatBits - 1);

    /// <summary>Weighs tokens.</summary>
    /// <param name="logits">Their logits.</param>
    /// <param name="largest">The largest of them.</param>
    /// <param name="weights">As long.</param>
    /// <returns>The sum of the weights.</returns>
    public double Weigh(ReadOnlySpan<float> logits, float largest, Span<float> weights)
    {
        var lanes = Vector<float>.Count;
        var (origin, rounding) = (new Vector<float>(largest), new Vector<float>(_rounding));
        var (first, second, i) = (Vector<double>.Zero, Vector<double>.Zero, 0);
        ref var from = ref MemoryMarshal.GetReference(logits);
        ref var to = ref MemoryMarshal.GetReference(weights);
        for (; i <= logits.Length - lanes; i += lanes)
        {
            var weight = Weigh(Vector.LoadUnsafe(ref from, (nuint)i) - origin, rounding);
            weight.StoreUnsafe(ref to, (nuint)i);
            Vector.Widen(weight, out var lower, out var upper);
            first += lower;
            second += upper;
        }
        var total = Vector.Sum(first + second);
        if (i == logits.Length) return total;

        Span<float> rest = stackalloc float[lanes];
        rest.Fill(largest);
        logits[i..].CopyTo(rest);
        Weigh(new Vector<float>(rest) - origin, rounding).CopyTo(rest);
        rest[..(logits.Length - i)].CopyTo(weights[i..]);
        for (; i < logits.Length; i++) total += weights[i];
        return total;
    }

    /// <summary>The largest of some numbers; none is NaN.</summary>
    public static float Largest(ReadOnlySpan<float> values)
    {
        var lanes = Vector<float>.Count;
        var (largest, i) = (values[0], 0);
        ref var from = ref MemoryMarshal.GetReference(values);
        Vector<float> first = new(largest), second = first, third = first, fourth = first;
        for (; i <= values.Length - 4 * lanes; i += 4 * lanes)
        {
            first = Vector.MaxNative(first, Vector.LoadUnsafe(ref from, (nuint)i));
            second = Vector.MaxNative(second, Vector.LoadUnsafe(ref from, (nuint)(i + lanes)));
            third = Vector.MaxNative(third, Vector.LoadUnsafe(ref from, (nuint)(i + 2 * lanes)));
            fourth = Vector.MaxNative(fourth, Vector.LoadUnsafe(ref from, (nuint)(i + 3 * lanes)));
        }
        first = Vector.MaxNative(Vector.MaxNative(first, second), Vector.MaxNative(third, fourth));
        for (var lane = 0; lane < lanes; lane++) largest = Math.Max(largest, first[lane]);
        for (; i < values.Length; i++) largest = Math.Max(largest, values[i]);
        return largest;
    }

    /// <summary>The sum of weights, in whatever order; it is exact.</summary>
    public static double Sum(ReadOnlySpan<float> weights)
    {
        var lanes = Vector<float>.Count;
        var (first, second, i) = (Vector<double>.Zero, Vector<double>.Zero, 0);
        ref var from = ref MemoryMarshal.GetReference(weights);
        for (; i <= weights.Length - lanes; i += lanes)
        {
            Vector.Widen(Vector.LoadUnsafe(ref from, (nuint)i), out var lower, out var upper);
            first += lower;
            second += upper;
        }
        var total = Vector.Sum(first + second);
        for (; i < weights.Length; i++) total += weights[i];
        return total;
    }

    /// <summary>What candidates weigh whose keys are above one border, and those at another one or above.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="weights">As many.</param>
    /// <param name="least">The lower border.</param>
    /// <param name="most">The upper one.</param>
    public static (double Above, double From) Sums(
        ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, float least, float most)
    {
        var lanes = Vector<float>.Count;
        var (lowAbove, highAbove) = (Vector<double>.Zero, Vector<double>.Zero);
        var (lowFrom, highFrom, i) = (Vector<double>.Zero, Vector<double>.Zero, 0);
        ref var key = ref MemoryMarshal.GetReference(keys);
        ref var weight = ref MemoryMarshal.GetReference(weights);
        for (; i <= keys.Length - lanes; i += lanes)
        {
            var block = Vector.LoadUnsafe(ref key, (nuint)i);
            var values = Vector.LoadUnsafe(ref weight, (nuint)i);
            var above = Vector.AsVectorSingle(Vector.GreaterThan(block, new(most))) & values;
            Vector.Widen(above, out var lower, out var upper);
            lowAbove += lower;
            highAbove += upper;
            var from = Vector.AsVectorSingle(Vector.GreaterThanOrEqual(block, new(least))) & values;
            Vector.Widen(from, out lower, out upper);
            lowFrom += lower;
            highFrom += upper;
        }
        var sums = (Above: Vector.Sum(lowAbove + highAbove), From: Vector.Sum(lowFrom + highFrom));
        for (; i < keys.Length; i++)
        {
            sums.Above += keys[i] > most ? weights[i] : 0;
            sums.From += keys[i] >= least ? weights[i] : 0;
        }
        return sums;
    }

    // Only operations that round once, and none fused with another: the same bits on every machine.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Weigh(Vector<float> x, Vector<float> rounding)
    {
        x = Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(Least)), x, new Vector<float>(Least));
        var whole = x * Log2E + new Vector<float>(Whole);
        var power = Vector.ShiftLeft(Vector.AsVectorInt32(whole), Exponent);
        whole -= new Vector<float>(Whole);
        x = x - whole * Ln2Upper - whole * Ln2Lower;

        // Taylor's series, within half of ln 2 around 0: seven terms leave less than a float's rounding. Pairs of terms
        // first, and pairs of those, so that fewer operations wait for one another.
        var square = x * x;
        var y = Vector<float>.One + x + square * (new Vector<float>(1 / 2f) + x * (1 / 6f));
        var z = new Vector<float>(1 / 24f) + x * (1 / 120f) + square * (new Vector<float>(1 / 720f) + x * (1 / 5040f));
        y += square * square * z;
        y = Vector.AsVectorSingle(Vector.AsVectorInt32(y) + power);
        return Vector.ConditionalSelect(Vector.LessThan(y, rounding), y + rounding - rounding, y);
    }
}
