namespace Minka.Collectives.Tests;

/// <summary>A clock that moves when told to, with timers.</summary>
internal sealed class HandClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<HandTimer> _timers = [];
    private TimeSpan _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_lock) return _now.Ticks;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HandTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>How many timers run.</summary>
    public int Timers
    {
        get
        {
            lock (_lock) return _timers.Count;
        }
    }

    /// <summary>Moves it; what is due is done by then.</summary>
    public void Advance(TimeSpan time)
    {
        List<HandTimer> due;
        lock (_lock)
        {
            _now += time;
            due = [.. _timers.Where(timer => timer.DueAt <= _now)];
            _timers.RemoveAll(due.Contains);
        }
        foreach (var timer in due) timer.Call();
    }

    /// <summary>Moves it little by little until something is so.</summary>
    public async Task AdvanceUntilAsync(TimeSpan little, Func<bool> isSo)
    {
        for (var i = 0; i < 9000 && !isSo(); i++)
        {
            Advance(little);
            await Task.Delay(TimeSpan.FromMilliseconds(10), System, TestContext.Current.CancellationToken);
        }
        Assert.True(isSo(), "It did not come to be so within a minute and a half.");
    }

    /// <summary>Fires once: nothing here repeats.</summary>
    private sealed class HandTimer(HandClock clock, Action call) : ITimer
    {
        public TimeSpan DueAt { get; private set; }

        public void Call() => call();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime < TimeSpan.Zero) return true;
                DueAt = clock._now + dueTime;
                clock._timers.Add(this);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
