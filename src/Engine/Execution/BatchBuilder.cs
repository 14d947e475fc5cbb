using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Execution;

/// <summary>Turns a batch of chunks into the integers that a model runs on.</summary>
public static class BatchBuilder
{
    /// <summary>Fills <paramref name="input"/>, which is cleared first. Sequence s of it is chunk s of the
    /// batch.</summary>
    public static void Fill(ForwardInput input, Batch batch)
    {
        input.Clear();
        foreach (var chunk in batch.Chunks)
        {
            var sequence = chunk.Sequence;
            var tokens = sequence.TokensAndDrafts.Slice(chunk.Start, chunk.Count);
            input.WantsLargest |= chunk.SampleRows > 0 && sequence.Rules.IsLargest;
            input.AddSequence(tokens, chunk.Start, sequence.PromptLength, sequence.Blocks, chunk.LogitRows);
        }
    }
}
