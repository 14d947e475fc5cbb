using System.Threading.Channels;
using Minka.Engine.Constraints;
using Minka.Engine.Constraints.Masks;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine;

/// <summary>Turns requests into tokens, one batch at a time. Its loop is the only one that touches a
/// sequence.</summary>
/// <remarks>
/// Anyone may <see cref="Submit"/>, from any thread; one caller runs <see cref="RunAsync"/>. What others want from the
/// loop goes through its inbox, what the loop has for others goes through each request's <see cref="Generation"/>.
/// </remarks>
public sealed partial class LlmEngine
{
    private readonly IExecutor _executor;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly Scheduler _scheduler;
    private readonly ConstraintCompiler? _compiler;
    private readonly Channel<Command> _inbox = Channel.CreateUnbounded<Command>(new() { SingleReader = true });
    private readonly HashSet<Generation> _live = [];
    private readonly List<Generation> _paused = [];
    private readonly ReaderWakes _wakes = new();

    /// <summary>Steps that are scheduled and not committed, oldest first.</summary>
    private readonly Queue<Batch> _flights = [];
    private readonly int _flightsMax;
    private readonly long _start;
    private long _nextId, _stepStart;
    private TimeSpan _stepTime;
    private int _submitted, _isRunning, _lostSteps;
    private bool _isStopping;

    /// <summary>Makes an engine; nothing runs before <see cref="RunAsync"/>.</summary>
    /// <param name="executor">Runs the steps; stays the caller's.</param>
    /// <param name="options">Limits and habits.</param>
    /// <param name="time">The clock of deadlines and timings.</param>
    /// <exception cref="ArgumentException">The executor cannot run the steps that the options allow.</exception>
    public LlmEngine(IExecutor executor, EngineOptions options, TimeProvider time)
    {
        _executor = executor;
        _options = options;
        _time = time;
        _start = time.GetTimestamp();
        var shape = executor.Shape;
        _compiler = options.Vocabulary is { } vocabulary ? new ConstraintCompiler(vocabulary) : null;
        _flightsMax = shape.StepsInFlight;
        var scheduling = options.Scheduling with
        {
            StepsInFlight = _flightsMax,
            SharedLengthMax = shape.SharedLengthMax,
        };
        _scheduler = new Scheduler(scheduling, shape.KvBlocks);
        LengthMax = (int)Math.Min(options.Scheduling.ContextMax, (long)shape.KvBlocks * ForwardInput.BlockTokens);
        CheckLimits(options.Scheduling.StepLimits(shape.KvBlocks), shape.Limits);
    }

    /// <summary>What it did and does.</summary>
    public EngineCounters Counters { get; } = new();

    /// <summary>What it does at this moment, and did so far. Cheap; from any thread.</summary>
    public EngineSnapshot Snapshot() => new()
    {
        Running = Counters.Running,
        Waiting = Counters.Waiting + Math.Max(0, Volatile.Read(ref _submitted)),
        QueueMax = _options.Scheduling.QueueMax,
        UsedBlocks = Counters.UsedBlocks,
        StepsInFlight = Counters.StepsInFlight,
        TotalBlocks = _executor.Shape.KvBlocks,
        Steps = Counters.Steps,
        StepTime = Counters.StepTime,
        ComputedTokens = Counters.ComputedTokens,
        GeneratedTokens = Counters.GeneratedTokens,
        PromptTokens = Counters.PromptTokens,
        CachedTokens = Counters.CachedTokens,
        Preemptions = Counters.Preemptions,
        LostSteps = Counters.LostSteps,
        StepSizes = Counters.StepSizes(),
        Drafts = Counters.Drafts,
        DraftedTokens = Counters.DraftedTokens,
        AcceptedTokens = Counters.AcceptedTokens,
        AcceptedByPosition = Counters.AcceptedByPosition(),
    };

    /// <summary>What each KV block was used for a moment ago: a picture for people, from any thread.</summary>
    /// <param name="states">One for each block, <see cref="EngineSnapshot.TotalBlocks"/> in all.</param>
    public void ReadBlocks(Span<BlockState> states) => _scheduler.ReadBlocks(states);

    /// <summary>Numbers of an embedding; 0 when the executor makes none, and requests for them are refused.</summary>
    public int EmbeddingWidth => _executor.Shape.EmbeddingWidth;

    /// <summary>Positions of the longest sequence: the context, or the whole KV cache if that is less.</summary>
    public int LengthMax { get; }

    /// <summary>Queues a request.</summary>
    /// <param name="request">What to continue, and how.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its tokens as they come.</returns>
    /// <exception cref="RequestRefusedException">A value is out of range, the queue is full, or the engine
    /// stops.</exception>
    public Generation Submit(GenerationRequest request, CancellationToken cancellation = default)
    {
        request.Validate(_executor.Shape.VocabularySize, LengthMax);
        if (request.Embedding is not null && EmbeddingWidth == 0)
            throw new RequestRefusedException(RefusalReason.Unsupported, "embedding",
                "What runs this model shows no hidden states, so it makes no embeddings; ask another model.");
        var generation = CreateGeneration(request);

        var queueMax = _options.Scheduling.QueueMax;
        if (Interlocked.Increment(ref _submitted) + Counters.Waiting > queueMax)
        {
            Interlocked.Decrement(ref _submitted);
            throw new RequestRefusedException(RefusalReason.QueueFull, "",
                $"{Counters.Waiting} requests wait and {queueMax} may; ask again later.");
        }
        if (Volatile.Read(ref _isStopping) || !_inbox.Writer.TryWrite(new(CommandKind.Add, generation)))
        {
            Interlocked.Decrement(ref _submitted);
            throw new RequestRefusedException(RefusalReason.Stopping, "", "The engine is stopping; ask another one.");
        }

        generation.CancelOn(cancellation);
        return generation;
    }

    /// <summary>Takes no more requests; <see cref="RunAsync"/> returns when those it has are done, or
    /// cancelled.</summary>
    public void Stop()
    {
        Volatile.Write(ref _isStopping, true);
        Post(new(CommandKind.Stop, null));
    }

    /// <summary>Runs until <see cref="Stop"/> and the last request's end, or until
    /// <paramref name="cancellation"/>.</summary>
    /// <remarks>
    /// Cancellation ends every request at once, with <see cref="FinishReason.Cancelled"/>. If the executor fails, every
    /// request fails with its exception, which is also thrown here.
    /// </remarks>
    public async Task RunAsync(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
            throw new InvalidOperationException("The engine runs already; it has one loop.");
        // Steps keep a thread busy, so they do not begin on the caller's.
        await Task.Run(() => LoopAsync(cancellation), CancellationToken.None).ConfigureAwait(false);
    }

    private async Task LoopAsync(CancellationToken cancellation)
    {
        try
        {
            try
            {
                while (await AdmitAsync(cancellation).ConfigureAwait(false))
                {
                    if (!_recovery.IsCompletedSuccessfully) await RecoverAsync(cancellation).ConfigureAwait(false);
                    Schedule();
                    if (await TryExecuteAsync(cancellation).ConfigureAwait(false)) Commit(_flights.Dequeue());
                    Settle();
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                await LandAsync().ConfigureAwait(false);
                EndAll(null);
            }
        }
        catch (Exception error)
        {
            EndAll(error);
            throw;
        }
    }

    /// <summary>Takes everything from the inbox; sleeps only when there is nothing to run.</summary>
    private async ValueTask<bool> AdmitAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Receive();
        Settle();
        if (_scheduler.IsIdle)
        {
            _scheduler.CheckIntegrity();
            // Not before: requests that are still there can be cancelled.
            if (Volatile.Read(ref _isStopping)) _inbox.Writer.TryComplete();
            if (!await _inbox.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false)) return false;
            Receive();
        }
        return true;
    }

    /// <summary>Chooses the next step; or, while the executor takes more of them and anybody is left to take part,
    /// several, which begin at once.</summary>
    private void Schedule()
    {
        DropSlowReaders();
        while (_flights.Count < _flightsMax)
        {
            _options.Drafter?.Propose(_scheduler.NextDecodes());
            var batch = _scheduler.Schedule(Now);
            if (batch.IsEmpty) return;
            foreach (var chunk in batch.Chunks) chunk.Sequence.Output!.Started();
            if (_flights.Count == 0) _stepStart = _time.GetTimestamp();
            _flights.Enqueue(batch);
            Counters.SetStepsInFlight(_flights.Count);
            if (_flightsMax > 1 && !TryBegin(batch)) return;
        }
    }

    private bool TryBegin(Batch batch)
    {
        try
        {
            _executor.Begin(batch);
            return true;
        }
        catch (StepLostException lost) when (++_lostSteps <= _options.LostStepsMax)
        {
            LoseSteps(lost.Recovery);
            return false;
        }
    }

    /// <summary>Executes the oldest step; it is committed if that is true.</summary>
    private async ValueTask<bool> TryExecuteAsync(CancellationToken cancellation)
    {
        if (!_flights.TryPeek(out var batch))
        {
            if (!_scheduler.IsIdle && _scheduler.Ended.Count == 0) await SleepAsync(cancellation).ConfigureAwait(false);
            return false;
        }
        try
        {
            await _executor.ExecuteAsync(batch, cancellation).ConfigureAwait(false);
            _lostSteps = 0;
            // Steps overlap: each counts from the end of the one before.
            var end = _time.GetTimestamp();
            (_stepTime, _stepStart) = (_time.GetElapsedTime(_stepStart, end), end);
            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _scheduler.Abandon(_flights.Dequeue());
            throw;
        }
        catch (StepLostException lost) when (++_lostSteps <= _options.LostStepsMax)
        {
            LoseSteps(lost.Recovery);
            return false;
        }
    }

    /// <summary>Waits for what is on its way and forgets it, so that the executor can be used again.</summary>
    private async ValueTask LandAsync()
    {
        while (_flights.TryDequeue(out var batch))
        {
            await _executor.ExecuteAsync(batch, CancellationToken.None).ConfigureAwait(false);
            _scheduler.Abandon(batch);
        }
    }

    private void Commit(Batch batch)
    {
        _scheduler.Commit(batch);
        var generated = 0;
        for (var i = 0; i < batch.Chunks.Length; i++) generated += Generated(batch, i);
        // Before any reader has them: who has read a text to its end finds all of it in the counters.
        Counters.AddStep(batch.TokenCount, generated, _stepTime);
        CountLoad();
        for (var i = 0; i < batch.Chunks.Length; i++) Deliver(batch, i);
    }

    /// <summary>Tells the readers of sequences that ended, and everyone else how busy the engine is.</summary>
    private void Settle()
    {
        CountLoad();
        for (var i = 0; i < _scheduler.Ended.Count; i++)
        {
            var sequence = _scheduler.Ended[i];
            _options.Drafter?.Forget(sequence);
            if (sequence.Output is { } output) End(output, sequence, new(sequence.Choice, 0, false, sequence.Finish));
        }
        _scheduler.ClearEnded();
        _wakes.Send();
    }

    private void CountLoad()
    {
        Counters.SetLoad(_scheduler);
        Counters.SetStepsInFlight(_flights.Count);
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    private Generation CreateGeneration(GenerationRequest request)
    {
        var constraint = request.Constraint is null ? null : Compile(request.Constraint);
        var first = Interlocked.Add(ref _nextId, request.Choices) - request.Choices;
        var choices = new Sequence[request.Choices];
        for (var i = 0; i < choices.Length; i++)
            choices[i] = new(first + i, request, i, _options.EosIds, LengthMax, constraint);
        var perStepMax = _options.Scheduling.LogitRowsMax + choices.Length * Batch.ForcedMax;
        return new(this, choices, _options.UnreadTokensMax, perStepMax, _time, Now);
    }

    private GrammarMasks Compile(Constraint constraint) => _compiler is null
        ? throw new RequestRefusedException(RefusalReason.Unsupported, "structured_outputs",
            "This engine was started without a vocabulary; it cannot constrain a text.")
        : _compiler.Compile(constraint);

    private static void CheckLimits(StepLimits needed, StepLimits found)
    {
        if (found.Tokens < needed.Tokens || found.Sequences < needed.Sequences
            || found.LogitRows < needed.LogitRows || found.TableBlocks < needed.TableBlocks)
            throw new ArgumentException($"The scheduler may ask for steps of {needed}; the model was built for "
                + $"{found}. Build it for SchedulerOptions.StepLimits.");
    }
}
