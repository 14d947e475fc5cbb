using System.Threading.Channels;
using System.Threading.Tasks.Sources;

namespace Minka.Engine;

/// <summary>Lets the one reader of a channel sleep until <see cref="Wake"/>. Allocates nothing.</summary>
internal sealed class ReaderSignal(ChannelReader<GeneratedToken> tokens) : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _leaving;
    private int _isWaiting;

    /// <summary>Whether who wakes the reader runs on as the reader until it sleeps again.</summary>
    public bool IsInline
    {
        get => !_core.RunContinuationsAsynchronously;
        set => _core.RunContinuationsAsynchronously = !value;
    }

    private bool IsNews => tokens.Count > 0 || tokens.Completion.IsCompleted;

    /// <summary>Waits for a token, the end, or a wake without either; false at the end.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        _core.Reset();
        var wait = new ValueTask<bool>(this, _core.Version);
        _leaving = cancellation.UnsafeRegister(static (self, token) => ((ReaderSignal)self!).Leave(token), this);
        Interlocked.Exchange(ref _isWaiting, 1);
        // Either may have come before anybody could see that it is waited for.
        if (cancellation.IsCancellationRequested) Leave(cancellation);
        else if (IsNews) Wake();
        return wait;
    }

    /// <summary>Wakes the reader if it sleeps.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 1) _core.SetResult(true);
    }

    /// <summary>Wakes the reader if it sleeps and there is something to read.</summary>
    public void WakeForNews()
    {
        if (IsNews) Wake();
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _leaving.Unregister();
        _core.GetResult(token);
        if (tokens.Count > 0 || !tokens.Completion.IsCompleted) return true;
        tokens.Completion.GetAwaiter().GetResult();
        return false;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Leave(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 1)
            _core.SetException(new OperationCanceledException(cancellation));
    }
}
