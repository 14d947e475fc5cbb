using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Tests.Fakes;

/// <summary>A scheduler with an executor, a clock that obeys, and eyes: every step is checked against the
/// invariants.</summary>
internal sealed class SchedulerWorld
{
    private readonly SchedulerOptions _options;
    private readonly ChainExecutor _executor;
    private readonly Dictionary<Sequence, Eye> _eyes = [];
    private readonly Dictionary<(int, string), long> _lastStarted = [];
    private readonly Queue<Batch> _flights = [];
    private long _nextId;

    /// <summary>What was seen of a sequence so far.</summary>
    private sealed class Eye
    {
        public ulong Hash;
        public int Known, Computed, Preemptions;
        public long Work, Rejected;
        public bool HasStarted, WasPaused, WasPartial, IsCancelled;
    }

    public SchedulerWorld(SchedulerOptions options, int kvBlocks)
    {
        _options = options;
        _executor = new ChainExecutor(options, kvBlocks);
        Scheduler = new Scheduler(options, kvBlocks);
        LengthMax = Math.Min(options.ContextMax, kvBlocks * ForwardInput.BlockTokens);
    }

    public Scheduler Scheduler { get; }

    public int LengthMax { get; }

    public TimeSpan Now { get; set; }

    /// <summary>Sequences that have not ended, by arrival.</summary>
    public List<Sequence> Live { get; } = [];

    /// <summary>Steps that were scheduled and not committed, oldest first.</summary>
    public IReadOnlyCollection<Batch> Flights => _flights;

    public long Ended { get; private set; }

    public long Steps { get; private set; }

    public long Preemptions { get; private set; }

    public long CachedTokens { get; private set; }

    public long Copies { get; private set; }

    /// <summary>Commits while another step was in flight.</summary>
    public long Overlaps { get; private set; }

    public long AcceptedDrafts { get; private set; }

    /// <summary>Every how many steps blocks are counted one by one.</summary>
    public int CountEvery { get; init; } = 1;

    public Sequence[] Add(GenerationRequest request, TimeSpan? deadline = null)
    {
        var choices = new Sequence[request.Choices];
        for (var i = 0; i < choices.Length; i++)
        {
            choices[i] = new(_nextId++, request, i, [], LengthMax);
            Live.Add(choices[i]);
            _eyes[choices[i]] = new()
            {
                Known = choices[i].Known,
                Hash = request.Prompt.ToArray().Aggregate(ChainExecutor.Start, ChainExecutor.Next),
            };
        }
        Scheduler.Add(choices, deadline ?? TimeSpan.MaxValue);
        return choices;
    }

    public void Cancel(Sequence sequence)
    {
        Scheduler.Cancel(sequence);
        _eyes[sequence].IsCancelled = true;
        Settle();
    }

    public void Pause(Sequence sequence)
    {
        Scheduler.Pause(sequence);
        _eyes[sequence].WasPaused = true;
    }

    /// <summary>What the sequence will say next, or, when it lies, something else.</summary>
    public void Draft(Sequence sequence, int count, int firstLie)
    {
        Span<int> drafts = stackalloc int[count];
        var hash = _eyes[sequence].Hash;
        for (var i = 0; i < count; i++)
        {
            drafts[i] = ChainExecutor.Say(hash) ^ (i >= firstLie ? 1 : 0);
            hash = ChainExecutor.Next(hash, drafts[i]);
        }
        sequence.Draft(drafts);
    }

    /// <summary>Schedules as many steps as may be in flight; the oldest is executed, unless all are lost.</summary>
    /// <returns>The oldest; an empty one if nothing can run.</returns>
    public Batch Step(bool isLost = false)
    {
        var batch = ScheduleAll();
        Steps++;
        if (_flights.Count > 1) Overlaps++;
        if (isLost) while (_flights.TryDequeue(out var lost)) Scheduler.Abandon(lost);
        else
        {
            // As late as it may come: what belongs to a step in flight must still be there.
            _executor.Execute(batch);
            Scheduler.Commit(batch);
            _flights.TryDequeue(out _);
            foreach (var chunk in batch.Chunks) CheckProgress(chunk);
        }
        Settle();
        if (Steps % CountEvery == 0 || Scheduler.IsIdle) Scheduler.CheckIntegrity();
        return batch;
    }

    private Batch ScheduleAll()
    {
        while (_flights.Count < _options.StepsInFlight)
        {
            var decodes = Scheduler.Running.Where(sequence => sequence.Missing == 1 && !sequence.IsPaused).ToArray();
            var batch = Scheduler.Schedule(Now);
            Copies += batch.Copies.Length;
            CheckBatch(batch, decodes);
            if (batch.IsEmpty) return _flights.TryPeek(out var oldest) ? oldest : batch;
            _flights.Enqueue(batch);
        }
        return _flights.Peek();
    }

    /// <summary>Steps until nothing is left; fails if that takes longer than every token one by one, many
    /// times.</summary>
    public void Drain()
    {
        foreach (var sequence in Live) Scheduler.Resume(sequence);
        var patience = 1000 + 20L * Live.Sum(sequence => sequence.LengthMax);
        while (!Scheduler.IsIdle)
        {
            Assert.True(patience-- > 0, $"{Live.Count} sequences never end.");
            Step();
        }
        Assert.Empty(Live);
        Assert.Equal(0, Scheduler.UsedBlocks);
    }

    private void CheckBatch(Batch batch, Sequence[] decodes)
    {
        var chunks = batch.Chunks.ToArray();
        Assert.Equal(chunks.Length, chunks.Select(chunk => chunk.Sequence).Distinct().Count());
        Assert.Equal(batch.TokenCount, chunks.Sum(chunk => chunk.Count));
        Assert.True(batch.TokenCount <= _options.TokensPerStepMax, $"{batch.TokenCount} tokens in a step.");
        Assert.True(chunks.Sum(chunk => chunk.LogitRows) <= _options.LogitRowsMax);
        Assert.True(Scheduler.RunningCount <= _options.SequencesMax);
        foreach (var chunk in chunks)
        {
            var sequence = chunk.Sequence;
            Assert.True(chunk.Count >= 1 && chunk.Start == sequence.Computed && sequence.Computed < sequence.Known);
            Assert.True(sequence.Blocks.Length * ForwardInput.BlockTokens >= chunk.Start + chunk.Count);
            Assert.False(sequence.IsPaused);
            Assert.DoesNotContain(_flights, other => other.Chunks.ToArray().Any(one => one.Sequence == sequence));
            CheckStart(sequence);
        }
        if (_options.StepsInFlight == 1)
            foreach (var sequence in decodes)
                if (sequence.State == SequenceState.Running)
                    Assert.Contains(chunks, chunk => chunk.Sequence == sequence);

        // Not empty while anything can run: whoever is paused keeps nobody from it.
        if (batch.IsEmpty && _flights.Count == 0)
            Assert.All(Live, sequence => Assert.True(
                sequence.IsPaused || sequence.State == SequenceState.Ended
                || sequence.Leader is { IsPaused: true, State: not SequenceState.Ended },
                $"Nothing runs, sequence {sequence.Id} is {sequence.State} and not paused."));
        CheckPartial(chunks);
    }

    /// <summary>Of the prompts that this step begins, none is left unfinished beside as many as may be.</summary>
    private void CheckPartial(Chunk[] chunks)
    {
        Chunk[] all = [.. chunks, .. _flights.SelectMany(other => other.Chunks.ToArray())];
        bool IsPartial(Sequence sequence) => !sequence.IsPaused && sequence.Generated == 0
            && sequence.Missing > Math.Max(1, Array.Find(all, chunk => chunk.Sequence == sequence).Count);
        if (!chunks.Any(chunk => IsPartial(chunk.Sequence) && !_eyes[chunk.Sequence].WasPartial)) return;
        var partial = Scheduler.Running.Count(IsPartial);
        Assert.True(partial <= _options.PartialPromptsMax, $"{partial} prompts are unfinished at once.");
        foreach (var chunk in chunks) _eyes[chunk.Sequence].WasPartial |= IsPartial(chunk.Sequence);
    }

    /// <summary>First come, first served, in a class and key; no class before a more urgent one that waits.</summary>
    private void CheckStart(Sequence sequence)
    {
        var eye = _eyes[sequence];
        if (eye.HasStarted) return;
        eye.HasStarted = true;
        foreach (var other in Live)
            if (other is { State: SequenceState.Queued, Choice: 0 })
                Assert.True(other.Priority >= sequence.Priority, "A less urgent sequence went first.");
        if (sequence.Choice > 0 || eye.WasPaused) return;

        var key = (sequence.Priority, sequence.Request.Key);
        Assert.True(_lastStarted.GetValueOrDefault(key, -1) < sequence.Id, "A later sequence started first.");
        _lastStarted[key] = sequence.Id;
    }

    private void CheckProgress(in Chunk chunk)
    {
        var (sequence, eye) = (chunk.Sequence, _eyes[chunk.Sequence]);
        AcceptedDrafts += Math.Max(0, sequence.Known - eye.Known - 1);
        for (; eye.Known < sequence.Known; eye.Known++)
        {
            Assert.Equal(ChainExecutor.Say(eye.Hash), sequence.Tokens[eye.Known]);
            eye.Hash = ChainExecutor.Next(eye.Hash, sequence.Tokens[eye.Known]);
            Assert.False(eye.IsCancelled, "A token came after the cancel.");
        }
        Assert.True(sequence.Known <= sequence.LengthMax);
        if (sequence.State == SequenceState.Ended) return;

        Assert.True(sequence.Computed <= sequence.Known);
        Assert.True(sequence.Computed > eye.Computed || sequence.Preemptions > eye.Preemptions, "No progress.");
        // Tokens are conserved: what was computed is what is there, but for wrong guesses.
        if (sequence.Preemptions == 0)
        {
            eye.Work += chunk.Count;
            eye.Rejected += chunk.Start + chunk.Count - sequence.Computed;
            Assert.Equal(sequence.Computed - sequence.CachedTokens, eye.Work - eye.Rejected);
        }
        (eye.Computed, eye.Preemptions) = (sequence.Computed, sequence.Preemptions);
    }

    private void Settle()
    {
        foreach (var sequence in Scheduler.Ended)
        {
            Assert.Equal(SequenceState.Ended, sequence.State);
            Assert.NotEqual(FinishReason.None, sequence.Finish);
            Assert.True(sequence.Blocks.IsEmpty);
            Assert.True(Live.Remove(sequence), "A sequence ended twice.");
            _eyes.Remove(sequence);
            Preemptions += sequence.Preemptions;
            CachedTokens += sequence.CachedTokens;
            Ended++;
        }
        Scheduler.ClearEnded();
    }
}
