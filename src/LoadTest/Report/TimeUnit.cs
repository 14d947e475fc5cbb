namespace Minka.LoadTest.Report;

/// <summary>Milliseconds, or seconds where those would be long numbers.</summary>
/// <param name="Name">For the axis.</param>
/// <param name="Milliseconds">Of one.</param>
internal readonly record struct TimeUnit(string Name, double Milliseconds)
{
    private const double SecondsFrom = 5000;

    /// <summary>For values in milliseconds.</summary>
    public static TimeUnit For(IEnumerable<double> values) =>
        values.DefaultIfEmpty(0).Max() >= SecondsFrom ? new("s", 1000) : new("ms", 1);

    /// <summary>A value in this unit.</summary>
    public double Of(double milliseconds) => milliseconds / Milliseconds;
}
