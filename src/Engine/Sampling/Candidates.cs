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
    private const int DrawBlock = 64;
    private const int HeapMax = 128;
    private const float LargestLogit = 1e30f;

    private readonly int[] _ids = new int[vocabularySize];
    private readonly float[] _logits = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly float[] _keys = new float[vocabularySize];
    private readonly int[] _bestIds = new int[HeapMax];
    private readonly float[] _bestLogits = new float[HeapMax];
    private readonly LastKeptSearch _search = new(vocabularySize);
    private readonly TokenWeights _exponentials = new(vocabularySize);

    // The largest logit when the weights were computed; they move with their tokens and stay right until it changes.
    private float _weighedFrom = float.NaN;

    /// <summary>Tokens that are left.</summary>
    public int Count { get; private set; }

    /// <summary>Token ids, rising.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Logits of <see cref="Ids"/>.</summary>
    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, Count);

    /// <summary>Scratch as long as <see cref="Ids"/>.</summary>
    public Span<float> Keys => _keys.AsSpan(0, Count);

    /// <summary>Starts with every token that is not forbidden; a logit that is not a number forbids its
    /// token.</summary>
    public void Load(ReadOnlySpan<float> logits)
    {
        // Not infinite, so that differences stay numbers; not so large that a temperature makes them infinite again.
        Vector<float> most = new(LargestLogit), least = new(float.MinValue);
        var (i, lanes, areAllowed) = (0, Vector<float>.Count, true);
        for (; i <= logits.Length - lanes; i += lanes)
        {
            var block = new Vector<float>(logits.Slice(i, lanes));
            areAllowed &= Vector.GreaterThanOrEqualAll(block, least);
            Vector.ConditionalSelect(Vector.GreaterThan(block, most), most, block).CopyTo(_logits, i);
            (Vector<int>.Indices + new Vector<int>(i)).CopyTo(_ids, i);
        }
        for (; i < logits.Length; i++)
        {
            areAllowed &= logits[i] >= float.MinValue;
            (_ids[i], _logits[i]) = (i, Math.Min(logits[i], LargestLogit));
        }
        Count = logits.Length;
        _weighedFrom = float.NaN;
        if (!areAllowed) KeepFrom(float.MinValue);
    }

    /// <summary>Divides every logit.</summary>
    public void Divide(float temperature)
    {
        TensorPrimitives.Divide(Logits, temperature, _logits);
        _weighedFrom = float.NaN;
    }

    /// <summary><c>exp(logit - largest logit)</c> of each candidate: probabilities but for a common factor.</summary>
    /// <param name="total">Their sum.</param>
    public ReadOnlySpan<float> Weights(out double total)
    {
        var weights = _weights.AsSpan(0, Count);
        var largest = Largest();
        total = largest == _weighedFrom
            ? TokenWeights.Sum(weights)
            : _exponentials.Weigh(Logits, largest, weights);
        _weighedFrom = largest;
        return weights;
    }

    /// <summary>The largest logit.</summary>
    public float Largest() => TokenWeights.Largest(Logits);

    /// <summary>Keeps the candidates with a logit of at least <paramref name="least"/>.</summary>
    public void KeepFrom(float least) => Keep(Logits, least, Count);

    /// <summary>Keeps the candidates with a positive key.</summary>
    public void KeepWhere(ReadOnlySpan<float> keys) => Keep(keys, 0, 0);

    /// <summary>Keeps the candidates with a key above a border, and some of those that have just this.</summary>
    /// <param name="keys">One for each candidate.</param>
    /// <param name="border">The last key that is kept.</param>
    /// <param name="equal">Candidates with that key to keep, those with the lowest ids.</param>
    public void Keep(ReadOnlySpan<float> keys, float border, int equal) =>
        Count = Compaction.Keep(keys, border, equal, _ids, _logits, _weights);

    /// <summary>Keeps the <paramref name="count"/> largest logits.</summary>
    public void KeepLargest(int count)
    {
        if (count >= Count) return;
        if (count > HeapMax)
        {
            _weights.AsSpan(0, Count).Fill(1);
            _weighedFrom = float.NaN;
            KeepHeaviest(Logits, _weights.AsSpan(0, Count), count);
            return;
        }
        if (count > 0) SelectLargest(count);
        Count = count;
    }

    private void SelectLargest(int count)
    {
        // A heap of the best so far, worst at the root; most blocks of logits hold nothing better and are skipped.
        var ids = _bestIds.AsSpan(0, count);
        var logits = _bestLogits.AsSpan(0, count);
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
        ids.CopyTo(_ids);
        logits.CopyTo(_logits);
        _weighedFrom = float.NaN;
    }

    /// <summary>Keeps the candidates of the largest keys, as few as hold this much weight.</summary>
    /// <param name="keys">Rank; equal keys go by id.</param>
    /// <param name="weights">Weight of each candidate.</param>
    /// <param name="target">Weight to reach.</param>
    public void KeepHeaviest(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, double target)
    {
        var (last, equal) = _search.Find(keys, weights, target);
        Keep(keys, last, equal);
    }

    /// <summary>Picks the candidate in whose share of the total weight <paramref name="uniform"/> lies.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        var weights = Weights(out var total);
        var left = uniform * total;
        var start = 0;
        for (; start + DrawBlock < Count; start += DrawBlock)
        {
            var block = TokenWeights.Sum(weights.Slice(start, DrawBlock));
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
}
