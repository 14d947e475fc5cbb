using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Server.Tests;

/// <summary>The built-in model is too fast to be caught at work.</summary>
internal sealed class SlowExecutor(IExecutor inner, TimeSpan perStep) : IExecutor
{
    public ExecutorShape Shape => inner.Shape;

    public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        await Task.Delay(perStep, TimeProvider.System, cancellation);
        await inner.ExecuteAsync(batch, cancellation);
    }
}
