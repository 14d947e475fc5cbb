using System.Runtime.CompilerServices;
using Minka.Engine.Execution;
using Minka.Engine.KvCache;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests.Fakes;

/// <summary>During its first step takes a block out of the engine's pool and never gives it back, as a bug
/// would.</summary>
internal sealed class BlockThief(IExecutor executor) : IExecutor
{
    private bool _hasStolen;

    public LlmEngine? Victim { get; set; }

    public ExecutorShape Shape => executor.Shape;

    public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        // On the engine's loop, which alone touches the pool.
        if (!_hasStolen) _hasStolen = PoolOf(SchedulerOf(Victim!)).TryTake(out _);
        return executor.ExecuteAsync(batch, cancellation);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scheduler")]
    private static extern ref Scheduler SchedulerOf(LlmEngine engine);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pool")]
    private static extern ref BlockPool PoolOf(Scheduler scheduler);
}
