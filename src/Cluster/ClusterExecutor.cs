using System.Text;
using Minka.Cluster.Metrics;
using Minka.Collectives;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
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
    private readonly SequenceRows[] _rows;
    private readonly LogSumExp?[] _sums;
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
        _packed = new float[checked(shape.Limits.LogitRows * LogitRow.FloatsMax)];
        _rows = new SequenceRows[shape.Limits.Sequences];
        _sums = new LogSumExp?[shape.Limits.LogitRows];
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
            Send(batch, prepared, _input, batch.Copies, Wanted(batch));
        }
        catch
        {
            prepared.GetAwaiter().GetResult();
            LandPrepared();
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
            var logits = Receive(out var sums);
            flight.Prepared.GetAwaiter().GetResult();
            var start = Meter.Trace.Now;
            _sampler.Sample(batch, logits, sums);
            Meter.Trace.Record("sample", start);
        }
        catch
        {
            LandPrepared();
            throw;
        }
        finally
        {
            flight.Prepared.GetAwaiter().GetResult();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Of a lost step nothing may still be read when the engine takes it back.</summary>
    private void LandPrepared()
    {
        foreach (var flight in _flights) flight.Prepared.GetAwaiter().GetResult();
    }

    /// <summary>What of the logits decides the next token of each sequence, and all that is told of it.</summary>
    private ReadOnlySpan<SequenceRows> Wanted(Batch batch)
    {
        var count = 0;
        foreach (var chunk in batch.Chunks)
        {
            var (sequence, end) = (chunk.Sequence, chunk.Start + chunk.Count);
            var needed = sequence.LogitsNeeded(chunk.SampleRows > 0);
            var largest = needed.Largest > 1 ? needed.Largest + TiesMax : needed.Largest;
            _rows[count++] = needed.Largest == 0 || needed.Largest > _largestMax ? SequenceRows.All
                : new(needed with { Largest = largest }, end < sequence.Known ? sequence.Tokens[end] : -1);
        }
        return _rows.AsSpan(0, count);
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
    /// <param name="rows">Of each sequence, what is wanted of its rows of logits; empty wants all.</param>
    /// <returns>
    /// <c>[rows, vocabulary]</c>, valid until the next step; may be overwritten. Logits that are not wanted are
    /// negative infinity.
    /// </returns>
    internal Span<float> Run(
        ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<SequenceRows> rows = default)
    {
        Send(null, Task.CompletedTask, input, copies, rows);
        return Receive(out _);
    }

    /// <summary>Sends a step, whole or in pieces; nothing is waited for.</summary>
    private void Send(
        Batch? batch, Task prepared, ForwardInput input, ReadOnlySpan<BlockCopy> copies,
        ReadOnlySpan<SequenceRows> rows)
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
            SendPiece(flight, input, copies, rows, pooled, 0, 0);
        }
        for (var (piece, row) = (0, 0); piece < pieces && pieces > 1; piece++)
        {
            var part = _pieces.Cut(input, piece, pieces, rows, pooled);
            flight.Pooling.Sent(piece, _pieces.First, _pieces.Pooled);
            SendPiece(flight, part, piece == 0 ? copies : [], _pieces.Rows, _pieces.Pooled, piece, row);
            row += part.LogitCount;
        }
        _flights.Enqueue(_idle.Dequeue());
    }

    /// <summary>Sends a piece of a step whose rows of logits begin at <paramref name="row"/>.</summary>
    private void SendPiece(
        StepFlight flight, ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<SequenceRows> rows,
        ReadOnlySpan<int> pooled, int piece, int row)
    {
        var step = _frame.Write(input, copies, rows, pooled);
        for (var rank = 0; rank < _ranks.Rank; rank++) _ranks.SendMessage(rank, step);
        flight.Ask(piece, row, _frame.Rows[..input.LogitCount]);
    }

    /// <summary>Waits for the logits of the oldest step.</summary>
    /// <param name="sums">Of each row that is not whole, what it adds up to; empty if that was not asked for.</param>
    private Span<float> Receive(out ReadOnlySpan<LogSumExp?> sums)
    {
        var flight = _flights.Peek();
        var logits = _logits.AsSpan(0, flight.Rows * Shape.VocabularySize);
        if (flight.IsNarrow) logits.Fill(float.NegativeInfinity);
        Array.Clear(_sums);
        sums = flight.HasSums ? _sums.AsSpan(0, flight.Rows) : [];
        for (var (piece, row) = (0, 0); piece < flight.Pieces; piece++)
        {
            if (flight.Batch is { } batch)
                flight.Pooling.Receive(piece, _ranks, _replica.Stages[^1].Ranks[0].Rank, batch);
            var rows = flight.RowsOf[piece];
            if (rows == 0) continue;
            foreach (var rank in _last)
                ReceiveRows(rank, flight.Asked.AsSpan(row, rows), _sums.AsSpan(row, rows),
                    logits.Slice(row * Shape.VocabularySize, rows * Shape.VocabularySize));
            row += rows;
        }
        flight.Meter.End();
        _idle.Enqueue(_flights.Dequeue());
        return logits;
    }

    /// <summary>A rank's rows of the vocabulary are columns of the logits.</summary>
    private void ReceiveRows(
        RankPlan rank, ReadOnlySpan<LogitRow> asked, Span<LogSumExp?> sums, Span<float> logits)
    {
        var columns = rank.Vocabulary.Count;
        var (wholeRows, packedFloats) = (0, 0);
        foreach (var row in asked)
            if (row.IsPacked(columns)) packedFloats += row.Floats;
            else wholeRows++;

        if (wholeRows == asked.Length && columns == Shape.VocabularySize)
        {
            _ranks.Receive(rank.Rank, logits);
            return;
        }
        var packed = _packed.AsSpan(0, packedFloats);
        var whole = Part(wholeRows * columns);
        if (packed.Length > 0) _ranks.Receive(rank.Rank, packed);
        if (whole.Length > 0) _ranks.Receive(rank.Rank, whole);
        for (var i = 0; i < asked.Length; i++)
        {
            var (row, first) = (asked[i], rank.Vocabulary.Start);
            var mine = logits.Slice((i * Shape.VocabularySize) + first, columns);
            if (row.IsPacked(columns))
            {
                if (LogitRows.Unpack(row, packed[..row.Floats], mine, first) is { } sum)
                    sums[i] = LogSumExp.Merge(sums[i] ?? LogSumExp.None, sum);
                packed = packed[row.Floats..];
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
