namespace Minka.Collectives.Simulation;

/// <summary>A clock that stands still until the simulation moves it; ticks of 1 ns.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private long _now;

    /// <summary>Nanoseconds since the start of the simulation.</summary>
    public long Now
    {
        get => Volatile.Read(ref _now);
        set => Volatile.Write(ref _now, value);
    }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now / 100);
}
