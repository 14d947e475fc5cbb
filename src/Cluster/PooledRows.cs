using Minka.Models;

namespace Minka.Cluster;

/// <summary>Hidden states for embeddings, summed where they are: a rank sends one row for each sequence.</summary>
internal static class PooledRows
{
    /// <summary>How many sequences have such a row.</summary>
    /// <param name="pooled">Of each sequence, how many of its last tokens are summed.</param>
    public static int CountOf(ReadOnlySpan<int> pooled) => pooled.Length - pooled.Count(0);

    /// <summary>Sums what left the final norm.</summary>
    /// <param name="input">The step.</param>
    /// <param name="hidden"><c>[tokens, D]</c>.</param>
    /// <param name="pooled">Of each sequence, how many of its last tokens are summed.</param>
    /// <param name="sums"><c>[<see cref="CountOf"/>, D]</c>.</param>
    public static void Sum(
        ForwardInput input, ReadOnlySpan<float> hidden, ReadOnlySpan<int> pooled, Span<float> sums)
    {
        var width = hidden.Length / input.TokenCount;
        var wide = new double[width];
        for (var s = 0; s < input.SequenceCount; s++)
        {
            if (pooled[s] == 0) continue;
            wide.AsSpan().Clear();
            var end = input.RowStarts[s + 1];
            for (var row = end - pooled[s]; row < end; row++)
            {
                var values = hidden.Slice(row * width, width);
                for (var i = 0; i < width; i++) wide[i] += values[i];
            }
            for (var i = 0; i < width; i++) sums[i] = (float)wide[i];
            sums = sums[width..];
        }
    }
}
