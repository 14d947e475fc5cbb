namespace Minka.Models.Tests.Templates;

/// <summary>Time stands still on 2 January 2025, 00:00:00 UTC.</summary>
internal sealed class StoppedClock : TimeProvider
{
    public static readonly StoppedClock NewYear = new();

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(2025, 1, 2, 0, 0, 0, TimeSpan.Zero);
}
