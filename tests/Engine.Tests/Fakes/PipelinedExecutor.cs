using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests.Fakes;

/// <summary>Takes several steps, as a pipeline does, and checks that the engine keeps the rules.</summary>
/// <remarks>A step runs when it is executed, which is as late as a pipeline may run it.</remarks>
internal sealed class PipelinedExecutor(IExecutor inner, int stepsInFlight) : IExecutor
{
    private readonly Queue<Batch> _begun = [];

    public ExecutorShape Shape { get; } = inner.Shape with { StepsInFlight = stepsInFlight };

    /// <summary>Most steps that were on their way at once.</summary>
    public int Most { get; private set; }

    /// <summary>Steps that were begun and not executed.</summary>
    public int Open => _begun.Count;

    /// <summary>Called with the steps on their way when one is about to be executed.</summary>
    public Action<IReadOnlyCollection<Batch>>? BeforeStep { get; set; }

    public void Begin(Batch batch)
    {
        Assert.True(_begun.Count < stepsInFlight, $"Step {_begun.Count + 1} of {stepsInFlight} is begun.");
        Assert.False(batch.IsEmpty);
        foreach (var chunk in batch.Chunks)
            foreach (var other in _begun)
                foreach (var theirs in other.Chunks) Assert.NotSame(theirs.Sequence, chunk.Sequence);
        _begun.Enqueue(batch);
        Most = Math.Max(Most, _begun.Count);
    }

    public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        Assert.Same(_begun.Peek(), batch);
        BeforeStep?.Invoke(_begun);
        _begun.Dequeue();
        try
        {
            await inner.ExecuteAsync(batch, cancellation);
        }
        catch (StepLostException)
        {
            _begun.Clear();
            throw;
        }
    }
}
