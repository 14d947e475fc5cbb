namespace Minka.Engine.Sampling;

/// <summary>
/// Finds where to cut a list by its keys without sorting it: a sample tells about where, exact sums of what lies above
/// narrow it down, and a radix search decides among the few that are left.
/// </summary>
/// <param name="countMax">Candidates, at most.</param>
internal sealed class LastKeptSearch(int countMax)
{
    private const int RankBits = 32, BinBits = 11, Bins = 1 << BinBits;
    private const int FewMax = 2048, RoundsMax = 4, Sample = 256, Margin = 24;

    private readonly float[] _keys = new float[countMax];
    private readonly float[] _weights = new float[countMax];
    private readonly int[] _order = new int[countMax];
    private readonly float[] _sampleKeys = new float[Sample];
    private readonly float[] _sampleWeights = new float[Sample];
    private readonly double[] _binWeights = new double[Bins];

    /// <summary>
    /// The last key that is kept when candidates are taken by falling key, at equal keys by rising index, until their
    /// weights reach a target and one with any weight is among them.
    /// </summary>
    /// <param name="keys">Keys; none is NaN.</param>
    /// <param name="weights">As many; their sums are exact in every order.</param>
    /// <param name="target">Weight to reach.</param>
    /// <returns>The key, and how many of the candidates that have it are kept.</returns>
    public (float Key, int Count) Find(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target)
    {
        var sum = 0.0;
        var areEqual = false;
        for (var round = 0; round < RoundsMax && keys.Length > FewMax && !areEqual; round++)
        {
            var (least, most) = Guess(keys, weights, target - sum);
            var (above, from) = TokenWeights.Sums(keys, weights, least, most);
            areEqual = least == most;
            if (IsReached(sum + above, target))
                (least, most, areEqual) = (MathF.BitIncrement(most), float.MaxValue, false);
            else if (IsReached(sum + from, target)) sum += above;
            else (sum, least, most, areEqual) = (sum + from, float.MinValue, MathF.BitDecrement(least), false);

            var kept = Compaction.Between(keys, weights, least, most, _keys, _weights);
            keys = _keys.AsSpan(0, kept);
            weights = _weights.AsSpan(0, kept);
        }
        if (keys.IsEmpty) return (float.NegativeInfinity, int.MaxValue);    // all together do not reach it
        return areEqual ? (keys[0], CountOf(weights, target, sum)) : FindAmongFew(keys, weights, target, sum);
    }

    private static bool IsReached(double sum, double target) => sum >= target && sum > 0;

    /// <summary>Two keys between which the last one lies, probably.</summary>
    private (float Least, float Most) Guess(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target)
    {
        for (var i = 0; i < Sample; i++)
        {
            var at = (int)((long)i * keys.Length / Sample);
            (_sampleKeys[i], _sampleWeights[i]) = (keys[at], weights[at]);
        }
        Array.Sort(_sampleKeys, _sampleWeights);

        var share = target / keys.Length * Sample;
        var last = Sample - 1;
        for (; last > 0 && _sampleWeights[last] < share; last--) share -= _sampleWeights[last];
        return (_sampleKeys[Math.Max(last - Margin, 0)], _sampleKeys[Math.Min(last + Margin, Sample - 1)]);
    }

    private static int CountOf(ReadOnlySpan<float> weights, double target, double sum)
    {
        const int Block = 64;
        var count = 0;
        for (; count + Block < weights.Length; count += Block)
        {
            var with = sum + TokenWeights.Sum(weights.Slice(count, Block));
            if (IsReached(with, target)) break;
            sum = with;
        }
        do sum += weights[count++];
        while (count < weights.Length && !IsReached(sum, target));
        return count;
    }

    /// <summary>A radix search: the upper bits of the last key, then the next bits of those that share them.</summary>
    private (float Key, int Count) FindAmongFew(
        ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target, double sum)
    {
        var (bits, lowest) = (RankBits, 0u);
        var among = _order.AsSpan(0, keys.Length);
        for (var i = 0; i < among.Length; i++) among[i] = i;
        while (bits > 0)
        {
            var step = Math.Min(bits, BinBits);
            bits -= step;
            Array.Clear(_binWeights, 0, 1 << step);
            foreach (var i in among) _binWeights[(Rank(keys[i]) - lowest) >> bits] += weights[i];
            lowest += (uint)FindBin(1 << step, target, ref sum) << bits;
            among = Narrow(among, keys, lowest, bits);
        }

        if (among.IsEmpty) return (float.NegativeInfinity, int.MaxValue);
        var count = 0;
        do sum += weights[among[count++]];
        while (count < among.Length && !IsReached(sum, target));
        return (keys[among[0]], count);
    }

    private int FindBin(int bins, double target, ref double sum)
    {
        var last = bins - 1;
        for (; last > 0 && !IsReached(sum + _binWeights[last], target); last--)
            sum += _binWeights[last];
        return last;
    }

    private static Span<int> Narrow(Span<int> among, ReadOnlySpan<float> keys, uint lowest, int bits)
    {
        var count = 0;
        foreach (var i in among)
        {
            among[count] = i;
            count += (Rank(keys[i]) - lowest) >> bits == 0 ? 1 : 0;
        }
        return among[..count];
    }

    // A number that rises with a float's value; both zeros are one.
    private static uint Rank(float key)
    {
        var bits = BitConverter.SingleToInt32Bits(key + 0f);
        return (uint)(bits ^ ((bits >> 31) | int.MinValue));
    }
}
