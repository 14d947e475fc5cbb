using System.Numerics;
using System.Numerics.Tensors;

namespace Minka.Engine.Sampling;

/// <summary>The tokens that may come next, by rising id, with their logits. Reused; nothing here allocates.</summary>
/// <remarks>
/// Order by id is kept through every filter, so that the draw walks the same tokens in the same order however they
/// were selected. Where two tokens are equal, the lower id is the better one.
/// </remarks>
internal sealed class Candidates(int vocabularySize)
{
    // Sums are taken in this many lanes on every machine, whatever its vectors, so that rounding is the same.
    private const int SumBlock = 64;
    private const float LargestLogit = 1e30f;
    private const int RankBits = 32, BinBits = 11, Bins = 1 << BinBits;

    private readonly int[] _ids = new int[vocabularySize];
    private readonly float[] _logits = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly float[] _keys = new float[vocabularySize];
    private readonly int[] _order = new int[vocabularySize];
    private readonly double[] _binWeights = new double[4 * Bins];

    /// <summary>Tokens that are left.</summary>
    public int Count { get; private set; }

    /// <summary>Token ids, rising.</summary>
    public Span<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Logits of <see cref="Ids"/>.</summary>
    public Span<float> Logits => _logits.AsSpan(0, Count);

    /// <summary>Scratch as long as <see cref="Ids"/>.</summary>
    public Span<float> Keys => _keys.AsSpan(0, Count);

    /// <summary>Starts with every token that is not forbidden; a logit that is not a number forbids its
    /// token.</summary>
    public void Load(ReadOnlySpan<float> logits)
    {
        // Not infinite, so that differences stay numbers; not so large that a temperature makes them infinite again.
        Vector<float> most = new(LargestLogit), least = new(float.MinValue);
        int i = 0, kept = 0;
        while (i < logits.Length)
        {
            var end = Math.Min(i + Vector<float>.Count, logits.Length);
            if (end - i == Vector<float>.Count)
            {
                var block = Vector.Min(new Vector<float>(logits[i..]), most);
                if (Vector.GreaterThanOrEqualAll(block, least))
                {
                    block.CopyTo(_logits, kept);
                    (Vector<int>.Indices + new Vector<int>(i)).CopyTo(_ids, kept);
                    kept += Vector<float>.Count;
                    i = end;
                    continue;
                }
            }
            for (; i < end; i++)
            {
                _ids[kept] = i;
                _logits[kept] = Math.Min(logits[i], LargestLogit);
                kept += logits[i] >= float.MinValue ? 1 : 0;
            }
        }
        Count = kept;
    }

    /// <summary><c>exp(logit - largest logit)</c> of each candidate: probabilities but for a common factor.</summary>
    /// <param name="total">Their sum.</param>
    public ReadOnlySpan<float> Weights(out double total)
    {
        var weights = _weights.AsSpan(0, Count);
        TensorPrimitives.Subtract(Logits, Largest(), weights);
        TensorPrimitives.Exp(weights, weights);
        total = Sum(weights);
        return weights;
    }

    /// <summary>About the sum of those of the last <see cref="Weights"/> that are at least this much.</summary>
    /// <remarks>Unlike other sums this one is rounded as the machine's vectors have it.</remarks>
    public double WeightFrom(float least)
    {
        var (sum, border, i) = (Vector<float>.Zero, new Vector<float>(least), 0);
        for (; i <= Count - Vector<float>.Count; i += Vector<float>.Count)
        {
            var block = new Vector<float>(_weights, i);
            sum += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(block, border), block, Vector<float>.Zero);
        }
        double total = Vector.Sum(sum);
        for (; i < Count; i++) total += _weights[i] >= least ? _weights[i] : 0;
        return total;
    }

    /// <summary>The largest logit.</summary>
    public float Largest() => TensorPrimitives.Max<float>(Logits);

    /// <summary>Keeps the candidates with a logit of at least <paramref name="least"/>.</summary>
    public void KeepFrom(float least)
    {
        var kept = 0;
        var border = new Vector<float>(least);
        for (var i = 0; i < Count;)
        {
            if (i + Vector<float>.Count <= Count)
            {
                var block = new Vector<float>(_logits, i);
                if (!Vector.GreaterThanOrEqualAny(block, border))
                {
                    i += Vector<float>.Count;
                    continue;
                }
                if (kept == i && Vector.GreaterThanOrEqualAll(block, border))
                {
                    kept = i += Vector<float>.Count;
                    continue;
                }
            }
            for (var end = Math.Min(i + Vector<float>.Count, Count); i < end; i++)
            {
                _ids[kept] = _ids[i];
                _logits[kept] = _logits[i];
                kept += _logits[i] >= least ? 1 : 0;
            }
        }
        Count = kept;
    }

    /// <summary>Keeps the candidates with a positive key.</summary>
    public void KeepWhere(ReadOnlySpan<float> keys)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (!(keys[i] > 0)) continue;
            _ids[kept] = _ids[i];
            _logits[kept++] = _logits[i];
        }
        Count = kept;
    }

    /// <summary>Keeps the <paramref name="count"/> largest logits.</summary>
    public void KeepLargest(int count)
    {
        if (count >= Count) return;
        if (count == 0)
        {
            Count = 0;
            return;
        }

        // A heap of the best so far, worst at the root; most blocks of logits hold nothing better and are skipped.
        var ids = _order.AsSpan(0, count);
        var logits = _keys.AsSpan(0, count);
        Ids[..count].CopyTo(ids);
        Logits[..count].CopyTo(logits);
        for (var i = count / 2 - 1; i >= 0; i--) Sift(ids, logits, i);

        for (var i = count; i < Count;)
        {
            if (i + Vector<float>.Count <= Count
                && !Vector.GreaterThanAny(new Vector<float>(_logits, i), new Vector<float>(logits[0])))
            {
                i += Vector<float>.Count;
                continue;
            }
            for (var end = Math.Min(i + Vector<float>.Count, Count); i < end; i++)
            {
                if (_logits[i] <= logits[0]) continue;
                (ids[0], logits[0]) = (_ids[i], _logits[i]);
                Sift(ids, logits, 0);
            }
        }

        ids.Sort(logits);
        Count = count;
        ids.CopyTo(Ids);
        logits.CopyTo(Logits);
    }

    /// <summary>Keeps the candidates of the largest keys, as few as hold this share of the total weight.</summary>
    /// <param name="keys">Rank; equal keys go by id.</param>
    /// <param name="weights">Weight of each candidate.</param>
    /// <param name="target">Weight to reach.</param>
    public void KeepHeaviest(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target)
    {
        // A radix search for the last key that is kept: its upper bits, then the next bits of those that share them.
        var found = CountWeights(keys, weights, ref target);
        var bits = RankBits - BinBits;
        var lowest = (uint)found << bits;
        var among = Among(keys, lowest, lowest | ((1u << bits) - 1));
        while (bits > 0)
        {
            var step = Math.Min(bits, BinBits);
            bits -= step;
            Array.Clear(_binWeights, 0, 1 << step);
            foreach (var i in among) _binWeights[(Rank(keys[i]) - lowest) >> bits] += weights[i];
            lowest += (uint)FindBin(1 << step, ref target) << bits;
            among = Narrow(among, keys, lowest, bits);
        }

        var equal = 0;      // of candidates with the last key the first ones are kept, one at least
        for (; equal < among.Length && (equal == 0 || target > 0); equal++) target -= weights[among[equal]];
        KeepAbove(keys, lowest, equal);
    }

    /// <summary>The range of the upper bits in which the last key lies; what lies above is taken off.</summary>
    private int CountWeights(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, ref double target)
    {
        // Neighbours often fall into one bin, and an addition must wait for the one before it: four sets of bins.
        Array.Clear(_binWeights);
        for (var i = 0; i < Count; i++)
            _binWeights[((i & 3) << BinBits) + (int)(Rank(keys[i]) >> (RankBits - BinBits))] += weights[i];
        for (var bin = 0; bin < Bins; bin++)
            _binWeights[bin] += _binWeights[bin + Bins] + _binWeights[bin + (2 * Bins)] + _binWeights[bin + (3 * Bins)];
        return FindBin(Bins, ref target);
    }

    private int FindBin(int bins, ref double target)
    {
        var sum = 0.0;
        var last = bins - 1;
        for (; last > 0 && (sum + _binWeights[last] < target || sum + _binWeights[last] == 0); last--)
            sum += _binWeights[last];
        target -= sum;
        return last;
    }

    /// <summary>Candidates whose keys rank in a range, ends included.</summary>
    private Span<int> Among(ReadOnlySpan<float> keys, uint first, uint last)
    {
        var count = 0;
        for (var i = 0; i < Count; i++)
        {
            _order[count] = i;
            count += Rank(keys[i]) - first <= last - first ? 1 : 0;
        }
        return _order.AsSpan(0, count);
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

    private void KeepAbove(ReadOnlySpan<float> keys, uint last, int equal)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            var rank = Rank(keys[i]);
            _ids[kept] = _ids[i];
            _logits[kept] = _logits[i];
            if (rank == last) kept += equal-- > 0 ? 1 : 0;
            else kept += rank > last ? 1 : 0;
        }
        Count = kept;
    }

    /// <summary>Picks the candidate in whose share of the total weight <paramref name="uniform"/> lies.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        var weights = Weights(out var total);
        var left = uniform * total;
        var start = 0;
        for (; start + SumBlock < Count; start += SumBlock)
        {
            var block = Sum(weights.Slice(start, SumBlock));
            if (left < block) break;
            left -= block;
        }

        // Rounding may leave a remainder after the last one; then the last with any weight is it.
        var picked = start;
        for (var i = start; i < Count; i++)
        {
            if (weights[i] == 0) continue;
            picked = i;
            if (left < weights[i]) break;
            left -= weights[i];
        }
        return _ids[picked];
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        var (i, total) = (0, 0.0);
        while (i < values.Length)
        {
            var end = Math.Min(i + SumBlock, values.Length);
            var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0);
            for (; i + 4 <= end; i += 4)
            {
                a += values[i];
                b += values[i + 1];
                c += values[i + 2];
                d += values[i + 3];
            }
            for (; i < end; i++) a += values[i];
            total += a + b + (c + d);
        }
        return total;
    }

    private static void Sift(Span<int> ids, Span<float> logits, int root)
    {
        while (true)
        {
            var worst = root;
            for (var child = 2 * root + 1; child <= 2 * root + 2 && child < ids.Length; child++)
                if ((-logits[child], ids[child]).CompareTo((-logits[worst], ids[worst])) > 0) worst = child;
            if (worst == root) return;
            (ids[root], ids[worst]) = (ids[worst], ids[root]);
            (logits[root], logits[worst]) = (logits[worst], logits[root]);
            root = worst;
        }
    }

    // A number that rises with a float's value; both zeros are one.
    private static uint Rank(float key)
    {
        var bits = BitConverter.SingleToInt32Bits(key + 0f);
        return (uint)(bits < 0 ? ~bits : bits | int.MinValue);
    }
}
