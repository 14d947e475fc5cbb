using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Execution;

/// <summary>Runs steps: on this machine, on a cluster, or in a simulation. The only way to run one.</summary>
public interface IExecutor
{
    /// <summary>What it can run.</summary>
    ExecutorShape Shape { get; }

    /// <summary>Takes a step that will be executed later, to work on it while others are on their way.</summary>
    /// <remarks>
    /// Only an executor that takes several steps at once (<see cref="ExecutorShape.StepsInFlight"/>) is asked. Whatever
    /// was begun is executed afterwards, in the same order, by one caller; until then nothing of its sequences changes.
    /// </remarks>
    /// <param name="batch">From the scheduler; within <see cref="Shape"/>.</param>
    /// <exception cref="StepLostException">As for <see cref="ExecuteAsync"/>.</exception>
    void Begin(Batch batch) { }

    /// <summary>Computes every chunk of a batch and records the tokens sampled with
    /// <see cref="Batch.AddSampled"/>.</summary>
    /// <param name="batch">From the scheduler, within <see cref="Shape"/>; of those that were begun the first.</param>
    /// <param name="cancellation">The engine stops: the step need not be finished.</param>
    /// <exception cref="StepLostException">The step, those begun after it, and all keys and values are lost; the engine
    /// computes them again.</exception>
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

    /// <summary>Prompts of more tokens share a beginning only with prompts of the same length, because their keys
    /// depend on it.</summary>
    public int SharedLengthMax { get; init; } = int.MaxValue;

    /// <summary>Steps that it works on at once; 1 where a step is over before the next can begin.</summary>
    public int StepsInFlight { get; init; } = 1;
}

/// <summary>A step that did not happen, for a reason that may pass: a rank was lost and will be replaced.</summary>
public sealed class StepLostException : Exception
{
    /// <summary>Completes when steps can be run again; fails when they never can, and why is what every request ends
    /// with.</summary>
    public Task Recovery { get; init; } = Task.CompletedTask;

    /// <summary>Says what was lost.</summary>
    public StepLostException(string message) : base(message) { }

    /// <summary>Says what was lost, with its cause.</summary>
    public StepLostException(string message, Exception cause) : base(message, cause) { }
}
