using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Execution;

/// <summary>Runs steps: on this machine, on a cluster, or in a simulation. The only way to run one.</summary>
public interface IExecutor
{
    /// <summary>What it can run.</summary>
    ExecutorShape Shape { get; }

    /// <summary>Computes every chunk of a batch and records the tokens sampled with
    /// <see cref="Batch.AddSampled"/>.</summary>
    /// <param name="batch">From the scheduler; within <see cref="Shape"/>.</param>
    /// <param name="cancellation">The engine stops: the step need not be finished.</param>
    /// <exception cref="StepLostException">The step and all keys and values are lost; the engine computes them
    /// again.</exception>
    ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation);
}

/// <summary>What an executor can run.</summary>
/// <param name="VocabularySize">Token ids are below this.</param>
/// <param name="ContextLength">Positions the model was made for.</param>
/// <param name="KvBlocks">Blocks of the KV cache.</param>
/// <param name="Limits">The largest step.</param>
public sealed record ExecutorShape(int VocabularySize, int ContextLength, int KvBlocks, StepLimits Limits)
{
    /// <summary>Numbers of an embedding, D; 0 when the executor does not pool hidden states.</summary>
    public int EmbeddingWidth { get; init; }
}

/// <summary>A step that did not happen, for a reason that may pass: a rank was lost and will be replaced.</summary>
public sealed class StepLostException : Exception
{
    /// <summary>Says what was lost.</summary>
    public StepLostException(string message) : base(message) { }

    /// <summary>Says what was lost, with its cause.</summary>
    public StepLostException(string message, Exception cause) : base(message, cause) { }
}
