using Minka.Models;

namespace Minka.Cluster;

/// <summary>What a rank does: waits for a step, takes the residual stream, runs its layers, sends on.</summary>
public sealed class WorkerLoop
{
    private readonly RankLinks _links;
    private readonly ICausalModel _model;
    private readonly StepFrame _frame;
    private readonly ForwardInput _input;
    private readonly float[] _logits;
    private readonly int _logitColumns;
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
    }

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
            _frame.Read(message, _input);
            RunStep();
            Interlocked.Increment(ref _steps);
        }
    }

    private void RunStep()
    {
        foreach (var copy in _frame.Copies) _model.CopyKvBlock(copy.Source, copy.Target);
        if (_links.Previous is { } previous)
            _links.Boundary.Receive(previous, _model.Hidden(_input.TokenCount));

        var logits = _logits.AsSpan(0, _input.LogitCount * _logitColumns);
        _model.Forward(_input, logits);

        foreach (var next in _links.Next) _links.Boundary.Send(next, _model.Hidden(_input.TokenCount));
        if (logits.Length > 0) _links.Control.Send(_links.Root, logits);
    }
}
