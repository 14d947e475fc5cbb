namespace Minka.Server.Generating;

/// <summary>Notices when nothing was heard for a while. One timer for a whole stream: hearing costs a store.</summary>
internal sealed class Silence : IDisposable
{
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly Action _broken;
    private readonly ITimer? _timer;
    private long _heard;

    /// <summary>Begins to listen.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="limit">How long a silence is; infinite for never.</param>
    /// <param name="broken">Called after each.</param>
    public Silence(TimeProvider time, TimeSpan limit, Action broken)
    {
        (_time, _limit, _broken) = (time, limit, broken);
        Heard();
        if (limit == Timeout.InfiniteTimeSpan) return;
        _timer = time.CreateTimer(static self => ((Silence)self!).Look(), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something was heard.</summary>
    public void Heard() => Volatile.Write(ref _heard, _time.GetTimestamp());

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var left = _limit - _time.GetElapsedTime(Volatile.Read(ref _heard));
        if (left <= TimeSpan.Zero)
        {
            Heard();
            _broken();
            left = _limit;
        }
        _timer!.Change(left < _shortest ? _shortest : left, Timeout.InfiniteTimeSpan);
    }
}
