using System.Runtime.InteropServices;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Execution;

/// <summary>Samples every chunk of a batch from its rows of logits: the second half of any executor.</summary>
/// <param name="vocabularySize">Logits per row.</param>
public sealed class BatchSampler(int vocabularySize)
{
    private readonly Sampler _sampler = new(vocabularySize);
    private readonly float[] _raw = new float[vocabularySize];
    private readonly List<int> _said = [];

    /// <summary>Starts to find out what constraints allow next, while the model computes.</summary>
    /// <returns>Completed when there is nothing to find out.</returns>
    public static Task PrepareAsync(Batch batch)
    {
        List<Sequence>? constrained = null;
        foreach (var chunk in batch.Chunks)
            if (chunk.SampleRows > 0 && chunk.Sequence.Rules.CanPrepare) (constrained ??= []).Add(chunk.Sequence);
        return constrained is null ? Task.CompletedTask : Prepare(constrained);
    }

    private static Task Prepare(List<Sequence> constrained) => Task.Run(() =>
    {
        foreach (var sequence in constrained)
            sequence.Rules.Prepare(sequence.Text, sequence.TokensAndDrafts[sequence.Known..]);
    });

    /// <summary>Records the sampled tokens, and log-probabilities where asked for.</summary>
    /// <param name="batch">Executed; its chunks' rows lie one after the other.</param>
    /// <param name="logits"><c>[rows, vocabulary]</c>; overwritten. Of a row of which only what was
    /// <see cref="LogitsNeeded"/> is here, the others are negative infinity.</param>
    /// <param name="sums">Of each row that is not whole, what it adds up to; empty where all are.</param>
    /// <param name="largest">Where the largest logit of each row is; empty where that must be looked for.</param>
    public void Sample(
        Batch batch, Span<float> logits, ReadOnlySpan<LogSumExp?> sums = default, ReadOnlySpan<int> largest = default)
    {
        var row = 0;
        for (var i = 0; i < batch.Chunks.Length; i++)
        {
            var chunk = batch.Chunks[i];
            var rows = logits.Slice(row * vocabularySize, chunk.LogitRows * vocabularySize);
            var sumOf = sums.IsEmpty ? sums : sums.Slice(row, chunk.LogitRows);
            if (chunk.Sequence.WantsPromptLogprobs) MeasurePrompt(chunk, rows, sumOf);
            var drawn = chunk.LogitRows - chunk.SampleRows;
            SampleChunk(
                batch, i, rows[(drawn * vocabularySize)..], sums.IsEmpty ? sums : sumOf[drawn..],
                largest.IsEmpty ? largest : largest.Slice(row + drawn, chunk.SampleRows));
            row += chunk.LogitRows;
        }
    }

    /// <summary>One token per row, as long as each confirms the draft that the next row follows.</summary>
    private void SampleChunk(
        Batch batch, int index, Span<float> rows, ReadOnlySpan<LogSumExp?> sums, ReadOnlySpan<int> largest)
    {
        var chunk = batch.Chunks[index];
        var sequence = chunk.Sequence;
        for (var j = 0; j < chunk.SampleRows; j++)
        {
            var length = sequence.Known + j;
            var row = rows.Slice(j * vocabularySize, vocabularySize);
            var measured = default(RawLogprobs);
            if (sequence.Request.WantsLogprobs)
            {
                row.CopyTo(_raw);
                measured = _sampler.Measure(row, sequence.Request.TopLogprobs, sums.IsEmpty ? null : sums[j]);
            }

            var isKnown = sequence.Rules.IsLargest && !largest.IsEmpty && row[largest[j]] > float.NegativeInfinity;
            var token = isKnown ? largest[j] : -1;
            if (!isKnown && !_sampler.TrySample(sequence, length, row, out token))
            {
                // What came before the dead end still counts.
                if (j == 0) batch.Fail(index, sequence.Rules.WhyNothing);
                return;
            }
            batch.AddSampled(
                index, token, sequence.Request.WantsLogprobs ? measured.Of(token, _raw[token]) : null);
            if (j + 1 < chunk.SampleRows && sequence.TokensAndDrafts[length] != token) break;
        }
        if (sequence.Rules.CanForce && chunk.SampleRows > 0) Force(batch, index);
    }

    /// <summary>Jumps ahead: where a constraint allows a single token, no logits are needed to know it.</summary>
    private void Force(Batch batch, int index)
    {
        var sequence = batch.Chunks[index].Sequence;
        _said.Clear();
        _said.AddRange(batch.Sampled(index));
        while (!sequence.StopIds.AsSpan().Contains(_said[^1])
            && sequence.Rules.TryForce(sequence.Text, CollectionsMarshal.AsSpan(_said), out var token)
            && batch.TryAddForced(index, token)) _said.Add(token);
    }

    /// <summary>Row p is about token p + 1. After a preemption some positions come again; they are known
    /// already.</summary>
    private void MeasurePrompt(in Chunk chunk, ReadOnlySpan<float> rows, ReadOnlySpan<LogSumExp?> sums)
    {
        var sequence = chunk.Sequence;
        var measured = sequence.PromptLogprobList;
        var first = chunk.Start + chunk.Count - chunk.LogitRows;
        var top = sequence.Request.PromptTopLogprobs ?? sequence.Request.TopLogprobs;
        for (var position = first; position < sequence.PromptLength - 1; position++)
        {
            if (position >= first + chunk.LogitRows) return;
            if (position != measured.Count) continue;
            var row = rows.Slice((position - first) * vocabularySize, vocabularySize);
            var next = sequence.Tokens[position + 1];
            var sum = sums.IsEmpty ? null : sums[position - first];
            measured.Add(_sampler.Measure(row, top, sum).Of(next, row[next]));
        }
    }
}
