using System.Globalization;

namespace Minka.LoadTest.Results;

/// <summary>What is said of many measured times, in milliseconds.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="Median">Half are shorter.</param>
/// <param name="Std">Standard deviation, divided by n as NumPy does.</param>
/// <param name="Percentiles">Percent and value, rising.</param>
public sealed record Distribution(
    double Mean, double Median, double Std, IReadOnlyList<KeyValuePair<double, double>> Percentiles)
{
    /// <summary>Of nothing: all zero.</summary>
    public static Distribution Empty { get; } = new(0, 0, 0, []);

    /// <summary>Of values in seconds.</summary>
    public static Distribution OfSeconds(IEnumerable<double> seconds, IReadOnlyList<double> percents)
    {
        var sorted = seconds.Select(value => value * 1000).Order().ToArray();
        if (sorted.Length == 0)
            return Empty with { Percentiles = [.. percents.Select(percent => KeyValuePair.Create(percent, 0.0))] };
        var mean = sorted.Average();
        return new(
            mean, Percentile(sorted, 50), Math.Sqrt(sorted.Average(value => (value - mean) * (value - mean))),
            [.. percents.Select(percent => KeyValuePair.Create(percent, Percentile(sorted, percent)))]);
    }

    /// <summary>What <paramref name="percent"/> % of the values do not exceed, on the line between two.</summary>
    /// <param name="sorted">Rising, at least one.</param>
    /// <param name="percent">0 to 100.</param>
    public static double Percentile(IReadOnlyList<double> sorted, double percent)
    {
        var place = (sorted.Count - 1) * percent / 100;
        var below = Math.Clamp((int)Math.Floor(place), 0, sorted.Count - 1);
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
    }

    /// <summary>The value of one percentile; the median for 50, null if it was not asked for.</summary>
    public double? At(double percent) => percent == 50
        ? Median
        : Percentiles.Where(entry => entry.Key == percent).Select(entry => (double?)entry.Value).FirstOrDefault();

    /// <summary>vLLM's name of a percentile: <c>p99</c>, <c>p99.9</c>.</summary>
    public static string NameOf(double percent) => "p" + percent.ToString("0.####", CultureInfo.InvariantCulture);
}
