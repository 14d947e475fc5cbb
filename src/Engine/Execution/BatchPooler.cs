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
