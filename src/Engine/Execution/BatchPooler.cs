using Minka.Engine.Scheduling;

namespace Minka.Engine.Execution;

/// <summary>Hands the hidden states of a step to the sequences that want an embedding: a part of any
/// executor.</summary>
public static class BatchPooler
{
    /// <summary>Whether any chunk wants its hidden states.</summary>
    public static bool Wants(Batch batch)
    {
        foreach (var chunk in batch.Chunks) if (chunk.Sequence.Hidden is not null) return true;
        return false;
    }

    /// <summary>Of a chunk's last tokens, how many its sequence's embedding lacks; 0 where none is wanted.</summary>
    /// <param name="chunk">Of the step.</param>
    public static int RowsOf(in Chunk chunk) => chunk.Sequence.Hidden?.RowsOf(chunk.Start, chunk.Count) ?? 0;

    /// <summary>Takes the sum of those rows, for executors whose hidden states stay elsewhere.</summary>
    /// <param name="chunk">Of the step.</param>
    /// <param name="rows">Of <see cref="RowsOf"/>.</param>
    /// <param name="sum">What left the final norm, summed over the rows, <c>[D]</c>.</param>
    public static void Add(in Chunk chunk, int rows, ReadOnlySpan<double> sum) => chunk.Sequence.Hidden!.Add(rows, sum);

    /// <summary>Pools what leaves the final norm.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="hidden"><c>[tokens, width]</c>, the chunks' tokens one after the other.</param>
    /// <param name="width">D.</param>
    public static void Pool(Batch batch, ReadOnlySpan<float> hidden, int width)
    {
        var row = 0;
        foreach (var chunk in batch.Chunks)
        {
            chunk.Sequence.Hidden?.Add(chunk.Start, hidden.Slice(row * width, chunk.Count * width), width);
            row += chunk.Count;
        }
    }
}
