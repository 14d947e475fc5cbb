using System.Text;
using Minka.Cluster.Metrics;
using Minka.Collectives;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster;

/// <summary>Runs steps on the ranks of a plan: every rank gets the step, the last stage sends logits back.</summary>
/// <remarks>
/// Several steps may be on their way, one behind the other, so that every stage has one to work on. A step that wants
/// no logits is not waited for, so the chunks of a long prompt follow each other through the stages too.
/// </remarks>
public sealed class ClusterExecutor : IExecutor, IDisposable
{
    /// <summary>Measuring takes a second; ranks may still be reading weights before it.</summary>
    private static readonly TimeSpan _tuneWithin = TimeSpan.FromSeconds(30);

    /// <summary>A temperature may make logits equal that were not; so many more are taken along.</summary>
    private const int TiesMax = 8;

    private readonly MeshCommunicator _ranks;
    private readonly StepFrame _frame;
    private readonly ForwardInput _input;
    private readonly BatchSampler _sampler;
    private readonly float[] _logits, _packed;
    private readonly StepPieces _pieces;
    private readonly int[] _largest;
    private readonly int _largestMax;
    private readonly Queue<StepFlight> _idle = [], _flights = [];
    private float[] _part = [];
    private readonly ReplicaPlan _replica;
    private readonly IReadOnlyList<RankPlan> _last;
    private bool _isOver;

    /// <param name="transport">Links to the ranks; this is its last rank. Stays the caller's.</param>
    /// <param name="replica">The plan that the ranks were started with.</param>
    /// <param name="shape">What they were loaded for, and how many steps may be on their way at once.</param>
    public ClusterExecutor(ITransport transport, ReplicaPlan replica, ExecutorShape shape)
    {
        (Shape, _replica) = (shape, replica);
        var trace = new TraceLog(transport.Time);
        _ranks = new(transport, new() { Trace = trace });
        Meter = new(trace, _ranks, [("control", _ranks)]);
        _frame = new(shape.Limits, shape.VocabularySize, shape.KvBlocks, transport.MessageBytesMax);
        _input = new(shape.Limits);
        _sampler = new(shape.VocabularySize);
        _logits = new float[checked(shape.Limits.LogitRows * shape.VocabularySize)];
        _last = [.. replica.Stages[^1].Ranks.Where(rank => !rank.Vocabulary.IsEmpty)];
        _packed = new float[checked(shape.Limits.LogitRows * LogitRows.PackedMax)];
        _largest = new int[shape.Limits.Sequences];
        _pieces = new(shape.Limits, replica.Stages.Count);
        for (var lane = 0; lane < shape.StepsInFlight; lane++)
            _idle.Enqueue(new(lane, shape.Limits, replica.Stages.Count, shape.EmbeddingWidth));
        _largestMax = Math.Min(replica.Collectives.LogitCandidates, LogitRows.LargestMax - TiesMax);
    }

    /// <inheritdoc/>
    public ExecutorShape Shape { get; }

    /// <summary>Where the root's time goes; a step lasts from its first byte sent to its last logit received.</summary>
    public RankMeter Meter { get; }

    /// <inheritdoc/>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public void Begin(Batch batch)
    {
        // The ranks compute meanwhile; nothing may leave while the sequences are still being read.
        var prepared = BatchSampler.PrepareAsync(batch);
        try
        {
            BatchBuilder.Fill(_input, batch);
            Send(batch, prepared, _input, batch.Copies, Largest(batch));
        }
        catch
        {
            prepared.GetAwaiter().GetResult();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        if (_flights.Count == 0) Begin(batch);
        var flight = _flights.Peek();
        if (flight.Batch != batch)
            throw new InvalidOperationException("A step is executed that is not the oldest of those that were begun.");
        try
        {
            var logits = Receive();
            flight.Prepared.GetAwaiter().GetResult();
            var start = Meter.Trace.Now;
            _sampler.Sample(batch, logits);
            Meter.Trace.Record("sample", start);
        }
        catch
        {
            foreach (var other in _flights) other.Prepared.GetAwaiter().GetResult();
            throw;
        }
        finally
        {
            flight.Prepared.GetAwaiter().GetResult();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>How many of the largest logits decide the next token of each sequence; 0 where all do.</summary>
    private ReadOnlySpan<int> Largest(Batch batch)
    {
        var count = 0;
        foreach (var chunk in batch.Chunks)
        {
            var needed = chunk.Sequence.LargestLogitsNeeded;
            _largest[count++] = needed > _largestMax ? 0 : needed > 1 ? needed + TiesMax : needed;
        }
        return _largest.AsSpan(0, count);
    }

    /// <summary>Lets every stage measure its links; once, before the first step.</summary>
    /// <returns>What each stage chose, and why.</returns>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public IReadOnlyList<string> Tune()
    {
        for (var rank = 0; rank < _ranks.Rank; rank++) _ranks.SendMessage(rank, WorkerLoop.TuneMessage);
        return [.. _replica.Stages.Select(stage =>
            Encoding.UTF8.GetString(_ranks.ReceiveMessage(stage.Ranks[0].Rank, _tuneWithin)))];
    }

    /// <summary>Runs one step on all ranks.</summary>
    /// <param name="input">The step.</param>
    /// <param name="copies">Blocks to copy first.</param>
    /// <param name="largest">Of each sequence, how many of the largest logits are wanted; empty wants all.</param>
    /// <returns>
    /// <c>[rows, vocabulary]</c>, valid until the next step; may be overwritten. Logits that are not wanted are
    /// negative infinity.
    /// </returns>
    internal Span<float> Run(
        ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<int> largest = default)
    {
        Send(null, Task.CompletedTask, input, copies, largest);
        return Receive();
    }

    /// <summary>Sends a step, whole or in pieces; nothing is waited for.</summary>
    private void Send(
        Batch? batch, Task prepared, ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<int> largest)
    {
        if (!_idle.TryPeek(out var flight))
            throw new InvalidOperationException(
                $"{_flights.Count} steps are on their way; the oldest must be executed before the next can begin.");
        var pieces = _pieces.CountOf(input);
        flight.Begin(batch, prepared, input, pieces, Meter);
        var pooled = flight.Pooling.RowsOf(batch);
        if (pieces == 1)
        {
            flight.Pooling.Sent(0, 0, pooled);
            SendPiece(flight, input, copies, largest, pooled, 0, 0);
        }
        for (var (piece, row) = (0, 0); piece < pieces && pieces > 1; piece++)
        {
            var part = _pieces.Cut(input, piece, pieces, largest, pooled);
            flight.Pooling.Sent(piece, _pieces.First, _pieces.Pooled);
            SendPiece(flight, part, piece == 0 ? copies : [], _pieces.Largest, _pieces.Pooled, piece, row);
            row += part.LogitCount;
        }
        _flights.Enqueue(_idle.Dequeue());
    }

    /// <summary>Sends a piece of a step whose rows of logits begin at <paramref name="row"/>.</summary>
    private void SendPiece(
        StepFlight flight, ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<int> largest,
        ReadOnlySpan<int> pooled, int piece, int row)
    {
        var step = _frame.Write(input, copies, largest, pooled);
        for (var rank = 0; rank < _ranks.Rank; rank++) _ranks.SendMessage(rank, step);
        flight.Ask(piece, row, _frame.Largest[..input.LogitCount]);
    }

    /// <summary>Waits for the logits of the oldest step.</summary>
    private Span<float> Receive()
    {
        var flight = _flights.Peek();
        var logits = _logits.AsSpan(0, flight.Rows * Shape.VocabularySize);
        if (flight.IsNarrow) logits.Fill(float.NegativeInfinity);
        for (var (piece, row) = (0, 0); piece < flight.Pieces; piece++)
        {
            if (flight.Batch is { } batch)
                flight.Pooling.Receive(piece, _ranks, _replica.Stages[^1].Ranks[0].Rank, batch);
            var rows = flight.RowsOf[piece];
            if (rows == 0) continue;
            foreach (var rank in _last)
                ReceiveRows(rank, flight.RowLargest.AsSpan(row, rows),
                    logits.Slice(row * Shape.VocabularySize, rows * Shape.VocabularySize));
            row += rows;
        }
        flight.Meter.End();
        _idle.Enqueue(_flights.Dequeue());
        return logits;
    }

    /// <summary>A rank's rows of the vocabulary are columns of the logits.</summary>
    private void ReceiveRows(RankPlan rank, ReadOnlySpan<int> rowLargest, Span<float> logits)
    {
        var columns = rank.Vocabulary.Count;
        var wholeRows = 0;
        var packedFloats = 0;
        foreach (var largest in rowLargest)
            if (LogitRows.IsPacked(largest, columns)) packedFloats += 2 * largest;
            else wholeRows++;

        if (wholeRows == rowLargest.Length && columns == Shape.VocabularySize)
        {
            _ranks.Receive(rank.Rank, logits);
            return;
        }
        var packed = _packed.AsSpan(0, packedFloats);
        var whole = Part(wholeRows * columns);
        if (packed.Length > 0) _ranks.Receive(rank.Rank, packed);
        if (whole.Length > 0) _ranks.Receive(rank.Rank, whole);
        for (var row = 0; row < rowLargest.Length; row++)
        {
            var mine = logits.Slice((row * Shape.VocabularySize) + rank.Vocabulary.Start, columns);
            var largest = rowLargest[row];
            if (LogitRows.IsPacked(largest, columns))
            {
                LogitRows.Unpack(packed[..(2 * largest)], mine);
                packed = packed[(2 * largest)..];
            }
            else
            {
                whole[..columns].CopyTo(mine);
                whole = whole[columns..];
            }
        }
    }

    /// <summary>Room for rows that do not lie side by side; made when first needed.</summary>
    private Span<float> Part(int floats)
    {
        if (_part.Length < floats) _part = new float[_logits.Length];
        return _part.AsSpan(0, floats);
    }

    /// <summary>Tells the ranks that no step follows.</summary>
    public void Dispose()
    {
        if (_isOver) return;
        _isOver = true;
        try
        {
            for (var rank = 0; rank < _ranks.Rank; rank++) _ranks.SendMessage(rank, []);
        }
        catch (PeerLostException)
        {
            // A cluster that is lost has ended already.
        }
    }
}
