namespace Minka.Server.Tests;

/// <summary>A clock that moves when told to.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _ticks;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => _ticks;

    /// <summary>Moves it.</summary>
    public void Advance(TimeSpan time) => _ticks += time.Ticks;
}
