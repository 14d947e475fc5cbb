using Minka.Engine.KvCache;
using Minka.Models;

namespace Minka.Engine.Scheduling;

/// <summary>Decides what runs next and remembers what ran. Pure: no clock, no chance, no I/O, no tensors.</summary>
/// <remarks>
/// First the sequences that run get their next chunk, those that lack one token before those that lack more; if
/// blocks run out, the least urgent and youngest sequence gives its blocks back and will be computed again. Then, if
/// nobody had to, waiting sequences are admitted in strict order while tokens, places and blocks last.
/// A step may be scheduled while others are executed, up to <see cref="SchedulerOptions.StepsInFlight"/>: what takes
/// part in one is left alone until its commit, and steps are committed in the order in which they were scheduled.
/// </remarks>
public sealed partial class Scheduler
{
    private readonly SchedulerOptions _options;
    private readonly BlockPool _pool;
    private readonly SequenceBlocks _blocks;
    private readonly WaitingQueue _queue;
    private readonly Queue<Batch> _idle = [];
    private Batch _batch;
    private readonly int _watermark;

    /// <summary>Most urgent first, then oldest first.</summary>
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _order = [];
    private readonly List<Sequence> _decodes = [];
    private readonly List<Sequence> _parked = [];
    private readonly List<Sequence> _ended = [];
    private readonly List<Sequence> _timed = [];

    private int _budget, _logitRows, _live;
    private bool _isShort;

    /// <summary>Makes a scheduler of <paramref name="kvBlocks"/> blocks of 16 positions.</summary>
    /// <exception cref="ArgumentException">The limits contradict each other.</exception>
    public Scheduler(SchedulerOptions options, int kvBlocks)
    {
        options.Validate();
        _options = options;
        _pool = new BlockPool(kvBlocks);
        _blocks = new SequenceBlocks(_pool, options);
        _queue = new WaitingQueue(options.FairnessQuantum);
        for (var i = 0; i < options.StepsInFlight; i++) _idle.Enqueue(new Batch(options));
        _batch = _idle.Peek();
        _watermark = (int)Math.Ceiling(kvBlocks * options.KvWatermark);
    }

    /// <summary>Nothing waits and nothing runs.</summary>
    public bool IsIdle => _live == 0;

    /// <summary>Sequences that wait for a place.</summary>
    public int WaitingCount => _queue.Count;

    /// <summary>Sequences that hold blocks.</summary>
    public int RunningCount => _running.Count;

    /// <summary>KV blocks that sequences hold.</summary>
    public int UsedBlocks => _pool.Used;

    /// <summary>What each block was used for a moment ago; for any thread.</summary>
    public void ReadBlocks(Span<BlockState> states)
    {
        for (var block = 0; block < Math.Min(states.Length, _pool.Total); block++)
            states[block] = _pool.StateOf(block);
    }

    /// <summary>KV blocks in all.</summary>
    public int TotalBlocks => _pool.Total;

    /// <summary>Tokens of all prompts that ran so far; the choices of a request share one.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>Of <see cref="PromptTokens"/>, those that the prefix cache held.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>How often a sequence gave its blocks back so far.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Sequences that run, most urgent and oldest first.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Those that take part in the next step with one token while blocks last, most urgent and oldest
    /// first.</summary>
    public IReadOnlyList<Sequence> NextDecodes()
    {
        _decodes.Clear();
        var all = 0;
        foreach (var sequence in _running)
        {
            if (sequence.IsPaused || sequence.Missing != 1) continue;
            all++;
            if (CanStep(sequence)) _decodes.Add(sequence);
        }
        var share = (all + _options.StepsInFlight - 1) / _options.StepsInFlight;
        if (_decodes.Count > share) _decodes.RemoveRange(share, _decodes.Count - share);
        return _decodes;
    }

    /// <summary>Sequences that ended since the last <see cref="ClearEnded"/>; they hold nothing any more.</summary>
    public IReadOnlyList<Sequence> Ended => _ended;

    /// <summary>Forgets <see cref="Ended"/>.</summary>
    public void ClearEnded() => _ended.Clear();

    /// <summary>Queues the choices of a request. Those after the first wait for the prompt they share.</summary>
    /// <param name="choices">New sequences of one request, in order.</param>
    /// <param name="deadline">Time after which they end; <see cref="TimeSpan.MaxValue"/> for none.</param>
    public void Add(ReadOnlySpan<Sequence> choices, TimeSpan deadline)
    {
        var leader = choices[0];
        foreach (var sequence in choices)
        {
            sequence.Deadline = deadline;
            if (deadline != TimeSpan.MaxValue) _timed.Add(sequence);
            _live++;
        }
        _queue.Add(leader);
        foreach (var follower in choices[1..])
        {
            _queue.Expect(follower);
            follower.Leader = leader;
            leader.Followers.Add(follower);
        }
    }

    /// <summary>Chooses the next step. Not empty while anything can run and no other step is in flight.</summary>
    /// <param name="now">Time on the clock of the deadlines.</param>
    /// <returns>A step to commit or to abandon, before more than <see cref="SchedulerOptions.StepsInFlight"/> others
    /// are asked for; an empty one is neither.</returns>
    public Batch Schedule(TimeSpan now)
    {
        if (!_idle.TryPeek(out _batch!))
            throw Bug.Found($"{_options.StepsInFlight} steps are in flight; one must be committed before the next.");
        _batch.Clear();
        _budget = _options.TokensPerStepMax;
        _logitRows = _options.LogitRowsMax;
        _isShort = false;

        EndLate(now);
        ContinueDecodes();
        ContinuePrompts();
        if (!_isShort) AdmitWaiting();

        _batch.Seal();
        if (!_batch.IsEmpty) _idle.Dequeue();
        return _batch;
    }

    /// <summary>Sequences that lack one token: all of them take part, or this step's share of them if several steps
    /// are executed at once; the next share if all of this one gave way.</summary>
    private void ContinueDecodes()
    {
        while (NextDecodes().Count > 0)
        {
            ContinueDecodes(_decodes);
            // Who is left waits for a step; who gave way runs no more.
            if (!_batch.IsEmpty || !IsNothingInFlight) return;
        }
    }

    /// <summary>Drafts get what the others leave.</summary>
    private void ContinueDecodes(List<Sequence> decodes)
    {
        var spare = Math.Min(_budget, _logitRows) - decodes.Count;
        if (decodes.Count < _running.Count || _queue.Count > 0) spare /= 2;

        foreach (var sequence in decodes)
        {
            if (!CanStep(sequence)) continue;

            sequence.KeepDrafts(spare);
            var length = sequence.Known + sequence.DraftCount;
            if (SequenceBlocks.Missing(sequence, length) > _pool.Free)
            {
                // Nobody gives way to a guess.
                sequence.KeepDrafts(0);
                length = sequence.Known;
            }
            if (!TryReserve(sequence, length)) continue;
            spare -= sequence.DraftCount;
            Plan(sequence, 1);
        }
    }

    /// <summary>Sequences that lack more than one token, most urgent and oldest first.</summary>
    private void ContinuePrompts()
    {
        Snapshot();
        foreach (var sequence in _order)
        {
            if (!CanStep(sequence) || sequence.Missing <= 1) continue;

            var count = ChunkOf(sequence, sequence.Missing);
            if (count > 0 && TryReserve(sequence, sequence.Computed + count)) Plan(sequence, count);
        }
    }

    private bool IsNothingInFlight => _idle.Count == _options.StepsInFlight;

    /// <summary>Who runs now; preemption changes the list itself.</summary>
    private void Snapshot()
    {
        _order.Clear();
        _order.AddRange(_running);
    }

    private void AdmitWaiting()
    {
        while (_budget > 0 && _queue.TryPeek(out var next))
        {
            var lacksRoom = _running.Count == _options.SequencesMax;
            if (!lacksRoom && TryAdmit(next, out lacksRoom)) continue;
            // Whose reader is slow makes room for whoever could run.
            if (!lacksRoom || LastPaused() is not { } paused) return;
            Preempt(paused);
        }
    }

    /// <summary>Gives a waiting sequence a place if its known tokens fit.</summary>
    /// <param name="sequence">The next one.</param>
    /// <param name="lacksBlocks">Whether it would have been admitted if more blocks were free.</param>
    private bool TryAdmit(Sequence sequence, out bool lacksBlocks)
    {
        lacksBlocks = false;
        var leader = CanFork(sequence) ? sequence.Leader : null;
        var freeHits = 0;
        var hits = leader is null ? _blocks.Match(sequence, out freeHits) : 0;
        var start = leader is null ? hits * ForwardInput.BlockTokens : leader.PromptLength - 1;
        var count = ChunkOf(sequence, sequence.Known - start);
        var (partial, promised) = CountRunning();
        if (count == 0 || (count < sequence.Known - start && partial >= _options.PartialPromptsMax)) return false;

        var needed = leader is null
            ? SequenceBlocks.For(sequence.Known) - hits + freeHits
            : SequenceBlocks.For(sequence.Known) - (leader.PromptLength - 1) / ForwardInput.BlockTokens;
        var reserve = _running.Count == 0 ? 0 : _watermark;
        lacksBlocks = needed + promised + reserve > _pool.Free;
        if (lacksBlocks) return false;

        _queue.Take(sequence);
        sequence.MakeRoom();
        if (leader is null) _blocks.Adopt(sequence, hits);
        else _blocks.Fork(leader, sequence, _batch);
        if (sequence is { Preemptions: 0, Generated: 0 }) CountPrompt(sequence, start);
        WaitingQueue.Charge(sequence, sequence.Preemptions == 0 ? sequence.Missing : 0);
        Start(sequence);
        if (!_blocks.TryReserve(sequence, sequence.Computed + count))
            throw Bug.Found($"Blocks counted for sequence {sequence.Id} are not there.");
        Plan(sequence, count);
        return true;
    }

    /// <summary>Prompts that go on and will not be whole after this step, and blocks that what is known of all who run
    /// still needs.</summary>
    private (int Partial, int Promised) CountRunning()
    {
        var (partial, promised) = (0, 0);
        foreach (var sequence in _running)
        {
            var next = sequence.InFlight ? sequence.InFlightCount : 1;
            if (sequence.Missing > next && !sequence.IsPaused) partial++;
            promised += SequenceBlocks.Missing(sequence, sequence.Known);
        }
        return (partial, promised);
    }

    private void CountPrompt(Sequence sequence, int cached)
    {
        sequence.CachedTokens = cached;
        if (sequence.Choice > 0) return;
        PromptTokens += sequence.PromptLength;
        CachedTokens += cached;
    }

    private static bool CanFork(Sequence sequence) =>
        sequence is { Leader: { State: SequenceState.Running } leader, Generated: 0 }
        && leader.Computed >= leader.PromptLength - 1;

    /// <summary>Inserts a sequence among the running, by priority and arrival.</summary>
    private void Start(Sequence sequence)
    {
        sequence.State = SequenceState.Running;
        var at = _running.Count;
        while (at > 0 && IsBefore(sequence, _running[at - 1])) at--;
        _running.Insert(at, sequence);
    }

    private static bool IsBefore(Sequence left, Sequence right) =>
        (left.Priority, left.Id).CompareTo((right.Priority, right.Id)) < 0;

    private static bool CanStep(Sequence sequence) =>
        sequence is { State: SequenceState.Running, InFlight: false, IsPaused: false };

    /// <summary>How many of the missing tokens fit this step.</summary>
    private int ChunkOf(Sequence sequence, int missing)
    {
        var count = Math.Min(Math.Min(missing, _options.ChunkTokensMax), _budget);
        if (sequence.WantsPromptLogprobs) return Math.Min(count, _logitRows);
        return _logitRows == 0 && count == missing ? count - 1 : count;
    }

    private void Plan(Sequence sequence, int count)
    {
        var goesOn = sequence.Computed + count == sequence.Known && sequence.Known < sequence.LengthMax;
        var drafts = goesOn ? sequence.DraftCount : 0;
        var sampled = goesOn ? 1 + drafts : 0;
        var rows = sequence.WantsPromptLogprobs && sequence.Generated == 0 ? count : sampled;
        _batch.Add(new(sequence, sequence.Computed, count + drafts, sampled, rows));
        _budget -= count + drafts;
        _logitRows -= rows;
        sequence.InFlight = true;
        sequence.InFlightCount = count;
    }

    /// <summary>Blocks for so many positions, if need be those of sequences that matter less.</summary>
    /// <returns>False when the sequence had to give back its own, or waits for steps that are in flight: those who
    /// matter less may take part in them.</returns>
    private bool TryReserve(Sequence sequence, int tokens)
    {
        while (!_blocks.TryReserve(sequence, tokens))
        {
            var victim = Victim(sequence);
            if (victim is not null)
            {
                Unplan(victim);
                Preempt(victim);
            }
            else
            {
                _isShort = true;
                if (IsNothingInFlight) Preempt(sequence);
                return false;
            }
        }
        return true;
    }
}
