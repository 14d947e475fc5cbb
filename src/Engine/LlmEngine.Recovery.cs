namespace Minka.Engine;

/// <content>What an executor loses is computed again, as soon as it can.</content>
public sealed partial class LlmEngine
{
    private volatile Task _recovery = Task.CompletedTask;

    /// <summary>Steps were lost and none can run: what ran waits, and goes on as soon as the executor is back. From any
    /// thread.</summary>
    public bool IsRecovering => !_recovery.IsCompleted;

    private void LoseSteps(Task recovery)
    {
        Counters.AddLostStep();
        while (_flights.TryDequeue(out var batch)) _scheduler.Abandon(batch);
        _recovery = recovery;
    }

    /// <summary>Waits until steps can run; meanwhile requests come, are cancelled, and reach their time
    /// limits.</summary>
    private async ValueTask RecoverAsync(CancellationToken cancellation)
    {
        while (!_recovery.IsCompleted)
        {
            cancellation.ThrowIfCancellationRequested();
            Receive();
            DropSlowReaders();
            _scheduler.EndLate(Now);
            Settle();
            await SleepAsync(cancellation, _recovery).ConfigureAwait(false);
        }
        await _recovery.ConfigureAwait(false);
    }
}
