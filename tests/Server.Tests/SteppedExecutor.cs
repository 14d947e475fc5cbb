using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Server.Tests;

/// <summary>The built-in model is too fast to be caught at work: before every step it waits until that is allowed.
/// </summary>
internal sealed class SteppedExecutor(IExecutor inner, SemaphoreSlim allowed) : IExecutor
{
    public ExecutorShape Shape => inner.Shape;

    public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        await allowed.WaitAsync(cancellation);
        await inner.ExecuteAsync(batch, cancellation);
    }
}
