using Minka.Engine.Scheduling;

namespace Minka.Engine;

/// <content>What others want from the loop, and what the loop has for them.</content>
public sealed partial class LlmEngine
{
    // How long the loop sleeps when all that could run waits for its readers.
    private static readonly TimeSpan PausedSleep = TimeSpan.FromMilliseconds(100);

    internal void Post(Command command) => _inbox.Writer.TryWrite(command);

    private void Receive()
    {
        while (_inbox.Reader.TryRead(out var command))
        {
            switch (command.Kind)
            {
                case CommandKind.Add: Add(command.Generation!); break;
                case CommandKind.Cancel: Cancel(command.Generation!, FinishReason.Cancelled, command.Choice); break;
                case CommandKind.Resume: Resume(command.Generation!); break;
                case CommandKind.Stop: break; // It has woken the loop, which sees why.
            }
        }
    }

    private void Add(Generation generation)
    {
        _live.Add(generation);
        var (limit, start) = (generation.Request.TimeLimit, generation.SubmittedAt);
        _scheduler.Add(generation.Choices, limit < TimeSpan.MaxValue - start ? start + limit : TimeSpan.MaxValue);
        Counters.SetLoad(_scheduler);
        Interlocked.Decrement(ref _submitted);
    }

    private void Cancel(Generation generation, FinishReason reason, int choice = Command.AllChoices)
    {
        foreach (var sequence in generation.Choices)
            if (choice == Command.AllChoices || sequence.Choice == choice) _scheduler.Cancel(sequence, reason);
    }

    private void Resume(Generation generation)
    {
        _paused.Remove(generation);
        foreach (var sequence in generation.Choices) _scheduler.Resume(sequence);
    }

    private void DropSlowReaders()
    {
        if (_paused.Count == 0) return;
        for (var i = _paused.Count - 1; i >= 0; i--)
        {
            if (Now - _paused[i].PausedAt < _options.SlowReaderLimit) continue;
            Cancel(_paused[i], FinishReason.SlowReader);
            _paused.RemoveAt(i);
        }
    }

    /// <summary>New tokens that a committed chunk has brought.</summary>
    private static int Generated(Batch batch, int index)
    {
        var chunk = batch.Chunks[index];
        var known = chunk.Start + chunk.Count - Drafts(chunk);
        return chunk.SampleRows == 0 ? 0 : Math.Max(0, chunk.Sequence.Known - known);
    }

    private static int Drafts(in Chunk chunk) => Math.Max(0, chunk.SampleRows - 1);

    /// <summary>Hands the new tokens of a chunk to their reader.</summary>
    private void Deliver(Batch batch, int index)
    {
        var count = Generated(batch, index);
        if (count == 0) return;
        var chunk = batch.Chunks[index];
        var sequence = chunk.Sequence;
        var output = sequence.Output!;
        var sampled = Math.Min(count, batch.Sampled(index).Length);
        Counters.AddDrafts(Drafts(chunk), sampled - 1);

        var tokens = sequence.Tokens[^count..];
        var pauses = false;
        for (var i = 0; i < count; i++)
        {
            var logprobs = i < sampled ? batch.Logprobs(index)[i] : null;
            var isLast = i == count - 1 && sequence.State == SequenceState.Ended;
            if (!isLast)
            {
                pauses |= output.Write(new(sequence.Choice, tokens[i], true, FinishReason.None, logprobs), Now);
            }
            else
            {
                var isText = !sequence.StopIds.AsSpan().Contains(tokens[i]);
                End(output, sequence, new(sequence.Choice, tokens[i], isText, sequence.Finish, logprobs));
            }
        }
        if (pauses) Pause(output);
        _wakes.Add(output);
    }

    private void Pause(Generation generation)
    {
        _paused.Add(generation);
        foreach (var sequence in generation.Choices) _scheduler.Pause(sequence);
    }

    private void End(Generation output, Sequence sequence, in GeneratedToken end)
    {
        sequence.Output = null;
        var isWhole = output.End(end);
        _wakes.Add(output);
        if (!isWhole) return;
        _live.Remove(output);
        _paused.Remove(output);
    }

    private void EndAll(Exception? error)
    {
        _inbox.Writer.TryComplete();
        Receive();
        foreach (var generation in _live.ToArray())
        {
            if (error is null) Cancel(generation, FinishReason.Cancelled);
            else Fail(generation, error);
        }
        if (error is null) Settle();
        else _wakes.Send();
    }

    private void Fail(Generation generation, Exception error)
    {
        generation.Close(error);
        _wakes.Add(generation);
    }

    /// <summary>Waits for the inbox or something else, but not past the next look at slow readers and
    /// deadlines.</summary>
    private async ValueTask SleepAsync(CancellationToken cancellation, Task? until = null)
    {
        using var timeout = new CancellationTokenSource(PausedSleep, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var inbox = _inbox.Reader.WaitToReadAsync(either.Token).AsTask();
        await (until is null ? (Task)inbox : Task.WhenAny(inbox, until))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await either.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }
}

internal enum CommandKind
{
    Add,
    Cancel,
    Resume,
    Stop,
}

internal readonly record struct Command(
    CommandKind Kind, Generation? Generation, int Choice = Command.AllChoices)
{
    public const int AllChoices = -1;
}
