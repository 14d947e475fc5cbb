using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Minka.Server.Generating;

/// <summary>Several generations read as one, as they come.</summary>
internal static class MergedBatches
{
    /// <summary>Reads all of them; choices count on from one generation to the next.</summary>
    /// <param name="generations">Of equally many choices.</param>
    /// <param name="quiet">After so long without news an empty list is given.</param>
    /// <param name="cancellation">Ends all of them.</param>
    public static async IAsyncEnumerable<IReadOnlyList<TextEvent>> ReadAsync(
        IReadOnlyList<TextGeneration> generations, TimeSpan quiet,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (generations.Count == 1)
        {
            await foreach (var batch in generations[0].BatchesAsync(quiet, cancellation).ConfigureAwait(false))
                yield return batch;
            yield break;
        }
        // Rooms for one batch each: a slow reader pauses every generation, as it would a single one.
        var merged = Channel.CreateBounded<IReadOnlyList<TextEvent>>(generations.Count);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pumps = generations.Select((generation, i) => PumpAsync(
            generation, i * generation.Options.Choices, quiet, merged.Writer, ending.Token)).ToArray();
        var closing = CloseAsync(pumps, merged.Writer);
        try
        {
            await foreach (var batch in merged.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }
    }

    private static async Task PumpAsync(
        TextGeneration generation, int offset, TimeSpan quiet, ChannelWriter<IReadOnlyList<TextEvent>> writer,
        CancellationToken cancellation)
    {
        await foreach (var batch in generation.BatchesAsync(quiet, cancellation).ConfigureAwait(false))
        {
            List<TextEvent> moved = [.. batch.Select(happened => happened with { Choice = happened.Choice + offset })];
            await writer.WriteAsync(moved, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task CloseAsync(Task[] pumps, ChannelWriter<IReadOnlyList<TextEvent>> writer)
    {
        // One that fails ends the reading at once, not when the others are done.
        var open = pumps.ToList();
        Exception? failure = null;
        while (open.Count > 0)
        {
            var done = await Task.WhenAny(open).ConfigureAwait(false);
            open.Remove(done);
            if (done.IsCompletedSuccessfully || failure is not null) continue;
            failure = done.Exception?.InnerException ?? new OperationCanceledException();
            writer.TryComplete(failure);
        }
        writer.TryComplete(failure);
    }
}
