namespace Minka.Engine.Scheduling;

/// <content>How sequences go on, give way, and end.</content>
public sealed partial class Scheduler
{
    /// <summary>Takes over the results of a step: new tokens, ends, blocks to share, blocks to free.</summary>
    /// <param name="batch">Executed; the one that was scheduled first of those in flight.</param>
    public void Commit(Batch batch)
    {
        var chunks = batch.Chunks;
        for (var i = 0; i < chunks.Length; i++)
        {
            var sequence = chunks[i].Sequence;
            sequence.InFlight = false;
            if (sequence.PendingFinish != FinishReason.None) End(sequence, sequence.PendingFinish);
            else if (batch.Failure(i) is { } failure)
            {
                sequence.Failure = failure;
                End(sequence, FinishReason.Failed);
            }
            else Advance(chunks[i], batch.Sampled(i), batch.Forced(i));
        }
        Land(batch);
    }

    /// <summary>Undoes a step that did not happen, and with it all that the KV cache held.</summary>
    /// <remarks>Every sequence keeps its tokens; what it had computed will be computed again. If several steps are in
    /// flight, all of them are lost and abandoned before the next is scheduled.</remarks>
    public void Abandon(Batch batch)
    {
        foreach (var chunk in batch.Chunks)
        {
            chunk.Sequence.InFlight = false;
            if (chunk.Sequence.PendingFinish is var reason and not FinishReason.None) End(chunk.Sequence, reason);
        }
        for (var i = _running.Count - 1; i >= 0; i--) Preempt(_running[i]);
        for (var block = 0; block < _pool.Total; block++) _pool.Index.Remove(block);
        Land(batch);
    }

    private void Land(Batch batch)
    {
        if (!batch.IsEmpty) _idle.Enqueue(batch);
    }

    /// <summary>Ends a sequence: now, or at the commit of the step it takes part in.</summary>
    public void Cancel(Sequence sequence, FinishReason reason = FinishReason.Cancelled)
    {
        if (sequence.State == SequenceState.Ended) return;
        if (sequence.InFlight) sequence.PendingFinish = reason;
        else End(sequence, reason);
    }

    /// <summary>Keeps a sequence whose reader is slow out of the next steps, until <see cref="Resume"/>.</summary>
    public void Pause(Sequence sequence)
    {
        sequence.IsPaused = true;
        if (sequence.State == SequenceState.Queued && _queue.Remove(sequence)) Return(sequence);
    }

    /// <summary>Lets a paused sequence go on.</summary>
    public void Resume(Sequence sequence)
    {
        sequence.IsPaused = false;
        if (sequence.State != SequenceState.Parked) return;

        _parked.Remove(sequence);
        Return(sequence);
    }

    /// <summary>Compares what is counted with what is there; cheap when idle, thorough otherwise.</summary>
    /// <exception cref="InvalidOperationException">A block is lost, or shared by mistake: a bug.</exception>
    public void CheckIntegrity()
    {
        if (IsIdle)
        {
            if (_pool.Used != 0 || _running.Count + _queue.Count + _parked.Count + _timed.Count != 0)
                throw Bug.Found($"The scheduler is idle, but {_pool.Used} KV blocks are held, {_running.Count} "
                    + $"sequences run, {_queue.Count} wait, {_parked.Count} are parked.");
            return;
        }
        _pool.CheckIntegrity(_running.Select(sequence => sequence.Table));
        foreach (var sequence in _running)
            if (sequence.Computed > sequence.Known
                || sequence.Table.Count < KvCache.SequenceBlocks.For(sequence.Computed))
                throw Bug.Found($"Sequence {sequence.Id} knows {sequence.Known} tokens, computed {sequence.Computed}, "
                    + $"holds {sequence.Table.Count} blocks.");
    }

    private void Advance(in Chunk chunk, ReadOnlySpan<int> sampled, ReadOnlySpan<int> forced)
    {
        var sequence = chunk.Sequence;
        var finish = FinishReason.None;
        var before = sequence.Known;
        sequence.KeepDrafts(0);
        if (chunk.SampleRows > 1) sequence.DraftLength.Learn(chunk.SampleRows - 1, sampled.Length - 1);
        foreach (var token in sampled)
        {
            if (finish != FinishReason.None) break;
            sequence.Append(token);
            finish = StopCheck(sequence, token);
        }

        // The last token sampled is not computed; neither is anything after a draft that was wrong.
        sequence.Computed = chunk.SampleRows == 0 ? chunk.Start + chunk.Count : sequence.Known - 1;
        foreach (var token in forced)
        {
            if (finish != FinishReason.None) break;
            sequence.Append(token);
            finish = StopCheck(sequence, token);
        }
        WaitingQueue.Charge(sequence, sequence.Known - before);
        if (sequence.Known >= sequence.LengthMax && sequence.Missing == 0) finish = FinishReason.Length;
        _blocks.Publish(sequence);
        if (sequence.Computed >= sequence.PromptLength - 1) ReleaseFollowers(sequence);
        if (finish != FinishReason.None) End(sequence, finish);
    }

    private static FinishReason StopCheck(Sequence sequence, int token)
    {
        if (sequence.StopIds.AsSpan().Contains(token)) return FinishReason.Stop;
        if (sequence.Rules.IsComplete(sequence.Text)) return FinishReason.Stop;
        return sequence.Known >= sequence.LengthMax ? FinishReason.Length : FinishReason.None;
    }

    private void End(Sequence sequence, FinishReason reason)
    {
        if (sequence.State == SequenceState.Running)
        {
            _running.Remove(sequence);
            _blocks.Release(sequence);
        }
        else if (sequence.State == SequenceState.Parked) _parked.Remove(sequence);
        else _queue.Remove(sequence);

        sequence.State = SequenceState.Ended;
        sequence.Finish = reason;
        ReleaseFollowers(sequence);
        sequence.Leader?.Followers.Remove(sequence);
        _queue.End(sequence);
        if (sequence.Deadline != TimeSpan.MaxValue) _timed.Remove(sequence);
        _live--;
        _ended.Add(sequence);
    }

    /// <summary>The other choices may start: the prompt is computed, or its leader is gone.</summary>
    private void ReleaseFollowers(Sequence leader)
    {
        foreach (var follower in leader.Followers) Return(follower);
        leader.Followers.Clear();
    }

    /// <summary>Ends what has reached its deadline.</summary>
    internal void EndLate(TimeSpan now)
    {
        for (var i = _timed.Count - 1; i >= 0; i--)
            if (_timed[i].Deadline <= now) Cancel(_timed[i], FinishReason.Deadline);
    }

    /// <summary>Who gives way to <paramref name="requester"/>: a paused sequence, or the last one behind it.</summary>
    private Sequence? Victim(Sequence requester)
    {
        if (LastPaused() is { } paused) return paused;
        for (var i = _running.Count - 1; i >= 0 && _running[i] != requester; i--)
            if (!IsSpared(_running[i]) && CanGiveWay(_running[i])) return _running[i];
        return null;
    }

    /// <summary>Of those whose reader is slow, the one of least urgency and last to come.</summary>
    private Sequence? LastPaused()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
            if (_running[i] is { IsPaused: true, InFlight: false }) return _running[i];
        return null;
    }

    private bool IsSpared(Sequence sequence) =>
        sequence.Preemptions >= _options.PreemptionsMax
        && sequence.Known < sequence.KnownAtPreemption + _options.SparedTokens;

    /// <summary>A chunk planned in this step can be taken back; one that an executor works on cannot.</summary>
    private bool CanGiveWay(Sequence sequence) => !sequence.InFlight || IsPlanned(sequence);

    private bool IsPlanned(Sequence sequence)
    {
        foreach (var chunk in _batch.Chunks) if (chunk.Sequence == sequence) return true;
        return false;
    }

    private void Unplan(Sequence sequence)
    {
        foreach (var chunk in _batch.Chunks)
        {
            if (chunk.Sequence != sequence) continue;
            _budget += chunk.Count;
            _logitRows += chunk.LogitRows;
            _batch.Remove(sequence);
            sequence.InFlight = false;
            return;
        }
    }

    private void Preempt(Sequence sequence)
    {
        _running.Remove(sequence);
        _blocks.Release(sequence);
        sequence.KeepDrafts(0);
        sequence.Preemptions++;
        Preemptions++;
        sequence.KnownAtPreemption = sequence.Known;
        _isShort = true;
        Return(sequence);
    }

    /// <summary>Lets a sequence wait in front of the new ones, or aside while its reader is slow.</summary>
    private void Return(Sequence sequence)
    {
        sequence.State = sequence.IsPaused ? SequenceState.Parked : SequenceState.Queued;
        if (sequence.IsPaused) _parked.Add(sequence);
        else _queue.Return(sequence);
    }
}
