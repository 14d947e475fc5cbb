using System.Text;
using Minka.Cluster.Metrics;
using Minka.Engine.Sampling;
using Minka.Models;

namespace Minka.Cluster;

/// <summary>What a rank does: waits for a step, takes the residual stream, runs its layers, sends on.</summary>
public sealed class WorkerLoop
{
    /// <summary>Longest time that measuring the stage's links may take.</summary>
    private static readonly TimeSpan _tuneWithin = TimeSpan.FromSeconds(1);

    private readonly RankLinks _links;
    private readonly ICausalModel _model;
    private readonly StepFrame _frame;
    private readonly ForwardInput _input;
    private readonly float[] _logits, _packed;
    private readonly int _logitColumns;

    /// <summary>Who looks at the hidden states of every step, and who does where a step has embeddings.</summary>
    private readonly HiddenProbe? _watch, _pool;

    private float[] _sums = [];
    private Sampler? _sampler;
    private long _steps;

    /// <param name="links">Whom this rank talks to.</param>
    /// <param name="model">The rank's slice, loaded with <see cref="RankLinks.Stage"/>; stays the caller's.</param>
    /// <param name="messageBytesMax">Longest message of the transport.</param>
    public WorkerLoop(RankLinks links, ICausalModel model, int messageBytesMax)
    {
        (_links, _model) = (links, model);
        _frame = new(model.Limits, model.Config.VocabularySize, model.KvBlocks, messageBytesMax);
        _input = new(model.Limits);
        _logitColumns = model.Vocabulary.End.Value - model.Vocabulary.Start.Value;
        _logits = new float[checked(model.Limits.LogitRows * _logitColumns)];
        _packed = new float[_logitColumns == 0 ? 0 : checked(model.Limits.LogitRows * LogitRow.FloatsMax)];
        Meter = links.NewMeter();
        _watch = model.Probe;
        HiddenProbe sum = (layer, hidden) =>
        {
            // Only what leaves the final norm.
            if (layer == model.Config.Layers) PooledRows.Sum(_input, hidden, _frame.Pooled, _sums);
        };
        _pool = _watch + sum;
    }

    /// <summary>Where the time of the steps goes.</summary>
    public RankMeter Meter { get; }

    /// <summary>Steps run so far.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Runs steps until the root says that it was the last.</summary>
    /// <exception cref="Minka.Collectives.PeerLostException">A rank or the root is gone.</exception>
    /// <exception cref="InvalidDataException">The root does not speak our protocol.</exception>
    public void Run()
    {
        while (true)
        {
            var message = _links.Control.ReceiveMessage(_links.Root, Timeout.InfiniteTimeSpan);
            if (message.IsEmpty) return;
            if (message.SequenceEqual(TuneMessage))
            {
                Tune();
                continue;
            }
            _frame.Read(message, _input);
            RunStep();
            Interlocked.Increment(ref _steps);
        }
    }

    /// <summary>What the root sends, once, to let stages measure their links.</summary>
    internal static ReadOnlySpan<byte> TuneMessage => "tune"u8;

    /// <summary>The stage measures and chooses; its first rank tells the root what and why.</summary>
    private void Tune()
    {
        var chosen = _links.Tune(_tuneWithin);
        Meter.BeginLinks();
        if (_links.Stage.Rank == 0) _links.Control.SendMessage(_links.Root, Encoding.UTF8.GetBytes(chosen));
    }

    private void RunStep()
    {
        var meter = Meter.Begin(_input.TokenCount);
        foreach (var copy in _frame.Copies) _model.CopyKvBlock(copy.Source, copy.Target);
        if (_links.Previous is { } previous)
            _links.Boundary.Receive(previous, _model.Hidden(_input.TokenCount));

        var logits = _logits.AsSpan(0, _input.LogitCount * _logitColumns);
        var sums = PooledFloats();
        meter.ComputeBegins();
        _model.Probe = sums > 0 ? _pool : _watch;
        _model.Forward(_input, logits);
        meter.ComputeEnds();

        foreach (var next in _links.Next) _links.Boundary.Send(next, _model.Hidden(_input.TokenCount));
        if (sums > 0) _links.Control.Send(_links.Root, _sums.AsSpan(0, sums));
        if (logits.Length > 0) SendLogits(logits);
        meter.End();
    }

    /// <summary>Floats of the sums that this rank sends for embeddings; makes room for them.</summary>
    private int PooledFloats()
    {
        if (!_links.SendsPooled) return 0;
        var floats = PooledRows.CountOf(_frame.Pooled[.._input.SequenceCount]) * _model.Config.Width;
        if (floats > _sums.Length) _sums = new float[_model.Limits.Sequences * _model.Config.Width];
        return floats;
    }

    /// <summary>First the rows of which the largest are wanted, then those that are wanted whole.</summary>
    private void SendLogits(Span<float> logits)
    {
        var (packed, whole) = (0, 0);
        for (var row = 0; row < _input.LogitCount; row++)
        {
            var mine = logits.Slice(row * _logitColumns, _logitColumns);
            var wanted = _frame.Rows[row];
            if (wanted.IsPacked(_logitColumns))
            {
                LogitRows.Pack(wanted, mine, _model.Vocabulary.Start.Value,
                    wanted.HasSum ? SumOf(mine) : LogSumExp.None, _packed.AsSpan(packed, wanted.Floats));
                packed += wanted.Floats;
            }
            else
            {
                if (whole < row) mine.CopyTo(logits[(whole * _logitColumns)..]);
                whole++;
            }
        }
        if (packed > 0) _links.Control.Send(_links.Root, _packed.AsSpan(0, packed));
        if (whole > 0) _links.Control.Send(_links.Root, logits[..(whole * _logitColumns)]);
    }

    /// <summary>By the sampler's own arithmetic: a rank that has the whole vocabulary finds the bits that it
    /// finds.</summary>
    private LogSumExp SumOf(ReadOnlySpan<float> row) =>
        (_sampler ??= new Sampler(_model.Config.VocabularySize)).Sum(row);
}
