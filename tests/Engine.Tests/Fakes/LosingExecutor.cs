using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests.Fakes;

/// <summary>Loses every seventh step, every second time after the work was done.</summary>
internal sealed class LosingExecutor(IExecutor inner) : IExecutor
{
    private int _step;

    public ExecutorShape Shape => inner.Shape;

    public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        var loses = ++_step % 7 == 4;
        if (loses && _step % 2 == 0) throw new StepLostException("A rank is gone.");
        await inner.ExecuteAsync(batch, cancellation);
        if (loses) throw new StepLostException("A rank is gone, and with it what it did.");
    }
}
