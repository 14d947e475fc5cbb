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
    private const int BinBits = 11, Bins = 1 << BinBits;

    private readonly int[] _ids = new int[vocabularySize];
    private readonly float[] _logits = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly float[] _keys = new float[vocabularySize];
    private readonly int[] _order = new int[vocabularySize];
    private readonly double[] _binWeights = new double[Bins];

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
        logits.CopyTo(_logits);
        Count = logits.Length;
        for (var id = 0; id < Count; id++) _ids[id] = id;

        // Not infinite, so that differences stay numbers; not so large that a temperature makes them infinite again.
        TensorPrimitives.Min(Logits, LargestLogit, Logits);
        KeepFrom(float.MinValue);
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
        // The weight per range of keys says in which range the last candidate kept lies; only that range is sorted.
        Array.Clear(_binWeights);
        for (var i = 0; i < Count; i++) _binWeights[Bin(keys[i])] += weights[i];
        var sum = 0.0;
        var last = Bins - 1;
        for (; last > 0 && (sum + _binWeights[last] < target || sum + _binWeights[last] == 0); last--)
            sum += _binWeights[last];

        var inBin = 0;
        for (var i = 0; i < Count; i++) if (Bin(keys[i]) == last) _order[inBin++] = i;
        var kept = KeptOf(_order.AsSpan(0, inBin), keys, weights, target - sum);

        var (count, next) = (0, 0);
        for (var i = 0; i < Count; i++)
        {
            if (next < kept && _order[next] == i) next++;
            else if (Bin(keys[i]) <= last) continue;
            _ids[count] = _ids[i];
            _logits[count++] = _logits[i];
        }
        Count = count;
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

    /// <summary>Sorts a range's indices by key, then id; those kept come first, by rising index.</summary>
    private static int KeptOf(Span<int> order, ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target)
    {
        HeapSort(order, keys);
        var kept = 0;
        for (var sum = 0.0; kept < order.Length && (kept == 0 || sum < target); kept++) sum += weights[order[kept]];
        order[..kept].Sort();
        return kept;
    }

    // Indices by falling key, then rising index. By hand, since a comparison over spans cannot be captured.
    private static void HeapSort(Span<int> order, ReadOnlySpan<float> keys)
    {
        for (var i = order.Length / 2 - 1; i >= 0; i--) SiftIndex(order, keys, i, order.Length);
        for (var end = order.Length - 1; end > 0; end--)
        {
            (order[0], order[end]) = (order[end], order[0]);
            SiftIndex(order, keys, 0, end);
        }
    }

    private static void SiftIndex(Span<int> order, ReadOnlySpan<float> keys, int root, int count)
    {
        while (true)
        {
            var last = root;
            for (var child = 2 * root + 1; child <= 2 * root + 2 && child < count; child++)
                if (ComesAfter(order[child], order[last], keys)) last = child;
            if (last == root) return;
            (order[root], order[last]) = (order[last], order[root]);
            root = last;
        }
    }

    private static bool ComesAfter(int left, int right, ReadOnlySpan<float> keys) =>
        keys[left] < keys[right] || (keys[left] == keys[right] && left > right);

    // The upper bits of a float, made to rise with its value: sign, exponent, two bits of the fraction.
    private static int Bin(float key)
    {
        var bits = BitConverter.SingleToInt32Bits(key + 0f);
        return (bits < 0 ? ~bits : bits | int.MinValue) >>> (32 - BinBits);
    }
}
