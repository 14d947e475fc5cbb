namespace Minka.Tidy;

/// <summary>Says everything that is wrong at once, so that one run is enough to fix it.</summary>
internal static class Report
{
    /// <summary>Fails with all findings, one a line; null is no finding.</summary>
    public static void AssertNone(IEnumerable<string?> findings)
    {
        // The whole report goes into the message: Assert.Equal would cut it short.
        var report = string.Join('\n', findings.OfType<string>());
        Assert.True(report.Length == 0, report);
    }
}
