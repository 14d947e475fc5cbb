using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Execution;

/// <summary>Runs steps on a model in this process. A step allocates nothing.</summary>
public sealed class LocalExecutor : IExecutor
{
    private readonly ICausalModel _model;
    private readonly ForwardInput _input;
    private readonly float[] _logits;
    private readonly BatchSampler _sampler;
    private readonly HiddenProbe _pool;
    private Batch? _pooled;

    /// <summary>Wraps a model, which stays the caller's to dispose.</summary>
    public LocalExecutor(ICausalModel model)
    {
        var config = model.Config;
        _model = model;
        _input = new ForwardInput(model.Limits);
        _logits = new float[checked(model.Limits.LogitRows * config.VocabularySize)];
        _sampler = new BatchSampler(config.VocabularySize);
        Shape = new(config.VocabularySize, config.ContextLength, model.KvBlocks, model.Limits)
        {
            EmbeddingWidth = config.Width,
            SharedLengthMax = config.Rope.GetSharedLengthMax(),
        };
        _pool = (layer, hidden) =>
        {
            // Only what leaves the final norm.
            if (layer == config.Layers) BatchPooler.Pool(_pooled!, hidden, config.Width);
        };
    }

    /// <inheritdoc/>
    public ExecutorShape Shape { get; }

    /// <inheritdoc/>
    public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        var prepared = BatchSampler.PrepareAsync(batch);
        try
        {
            Run(batch, prepared);
        }
        finally
        {
            // Nothing may leave while the sequences are still being read.
            prepared.GetAwaiter().GetResult();
        }
        return ValueTask.CompletedTask;
    }

    private void Run(Batch batch, Task prepared)
    {
        foreach (var copy in batch.Copies) _model.CopyKvBlock(copy.Source, copy.Target);
        BatchBuilder.Fill(_input, batch);
        var logits = _logits.AsSpan(0, _input.LogitCount * Shape.VocabularySize);
        if (BatchPooler.Wants(batch)) ForwardAndPool(batch, logits);
        else _model.Forward(_input, logits);
        prepared.GetAwaiter().GetResult();
        _sampler.Sample(batch, logits, largest: _model.Largest);
    }

    private void ForwardAndPool(Batch batch, Span<float> logits)
    {
        var before = _model.Probe;
        (_pooled, _model.Probe) = (batch, _pool);
        try
        {
            _model.Forward(_input, logits);
        }
        finally
        {
            (_pooled, _model.Probe) = (null, before);
        }
    }
}
