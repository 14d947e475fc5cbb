namespace Minka.Engine.Execution;

/// <summary>How the hidden states of a prompt become one vector.</summary>
public enum EmbeddingPooling
{
    /// <summary>The mean over all tokens.</summary>
    Mean,

    /// <summary>That of the last token, which has seen all others.</summary>
    Last,
}

/// <summary>Sums what the final norm leaves of a prompt's tokens, whatever chunks they come in.</summary>
/// <param name="pooling">Which tokens count.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
internal sealed class PooledHidden(EmbeddingPooling pooling, int promptLength)
{
    private double[] _sum = [];
    private int _next = pooling == EmbeddingPooling.Last ? promptLength - 1 : 0;

    /// <summary>Whether every token must be computed, found in the prefix cache or not.</summary>
    public bool NeedsAll => pooling == EmbeddingPooling.Mean;

    /// <summary>Adds rows at consecutive positions; those that were seen before a preemption count once.</summary>
    /// <param name="start">Position of the first row.</param>
    /// <param name="hidden"><c>[rows, width]</c>.</param>
    /// <param name="width">D.</param>
    public void Add(int start, ReadOnlySpan<float> hidden, int width)
    {
        if (_sum.Length == 0) _sum = new double[width];
        for (var row = 0; row < hidden.Length / width; row++)
        {
            if (start + row != _next) continue;
            var values = hidden.Slice(row * width, width);
            for (var i = 0; i < width; i++) _sum[i] += values[i];
            _next++;
        }
    }

    /// <summary>Of the last of some rows at consecutive positions, how many were not added yet.</summary>
    /// <param name="start">Position of the first row.</param>
    /// <param name="count">Rows.</param>
    public int RowsOf(int start, int count) => start > _next ? 0 : Math.Clamp(start + count - _next, 0, count);

    /// <summary>Adds rows that were summed elsewhere, as many as <see cref="RowsOf"/> said.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="sum">Their sum, <c>[D]</c>.</param>
    public void Add(int rows, ReadOnlySpan<double> sum)
    {
        if (_sum.Length == 0) _sum = new double[sum.Length];
        for (var i = 0; i < sum.Length; i++) _sum[i] += sum[i];
        _next += rows;
    }

    /// <summary>The vector; empty before the last token was added.</summary>
    /// <param name="isNormalized">Whether its length becomes 1.</param>
    public float[] ToVector(bool isNormalized)
    {
        if (_next < promptLength) return [];
        var scale = pooling == EmbeddingPooling.Mean ? 1.0 / promptLength : 1.0;
        if (isNormalized)
        {
            var length = Math.Sqrt(_sum.Sum(value => value * value));
            scale = length > 0 ? 1 / length : 0;
        }
        return [.. _sum.Select(value => (float)(value * scale))];
    }
}
