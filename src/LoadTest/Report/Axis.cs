using System.Globalization;

namespace Minka.LoadTest.Report;

/// <summary>One direction of a plot: from values to places, and where the ticks are.</summary>
internal sealed class Axis
{
    private readonly double _low;
    private readonly double _high;

    private Axis(double low, double high, bool isLog, IReadOnlyList<double> ticks) =>
        (_low, _high, IsLog, Ticks) = (low, high, isLog, ticks);

    /// <summary>Equal steps are equal factors.</summary>
    public bool IsLog { get; }

    /// <summary>Where there is a tick.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>From 0 to a little over the largest value, in steps of 1, 2 or 5.</summary>
    public static Axis FromZero(double largest, int ticksWanted = 5)
    {
        if (!(largest > 0)) largest = 1;
        var step = NiceStep(largest / ticksWanted);
        var count = (int)Math.Ceiling(largest / step - 1e-9);
        return new(0, count * step, false, [.. Enumerable.Range(0, count + 1).Select(i => i * step)]);
    }

    /// <summary>From 0 to 100, as percents are.</summary>
    public static Axis Percent() => new(0, 100, false, [0, 25, 50, 75, 100]);

    /// <summary>Of equal factors, over all values above 0.</summary>
    public static Axis Log(IEnumerable<double> values)
    {
        var positive = values.Where(value => value > 0).DefaultIfEmpty(1).ToList();
        var (low, high) = (positive.Min(), positive.Max());
        if (high < low * 2) (low, high) = (low / 1.5, high * 1.5);
        var ticks = new List<double>();
        for (var power = (int)Math.Floor(Math.Log10(low)); power <= Math.Ceiling(Math.Log10(high)); power++)
            ticks.AddRange(new[] { 1.0, 2, 5 }.Select(digit => digit * Math.Pow(10, power)));
        var first = ticks.FindLastIndex(tick => tick <= low);
        var last = ticks.FindIndex(tick => tick >= high);
        var inside = ticks[Math.Max(0, first)..(last + 1)];
        var isCrowded = inside.Count > 8;
        return new(inside[0], inside[^1], true, isCrowded
            ? [.. inside.Where(tick => Math.Abs(Math.Log10(tick) - Math.Round(Math.Log10(tick))) < 1e-9)] : inside);
    }

    /// <summary>With a tick at every value, factors apart when the values are.</summary>
    public static Axis At(IReadOnlyList<double> values)
    {
        var sorted = values.Distinct().Order().ToList();
        var isLog = sorted[0] > 0 && sorted[^1] >= 6 * sorted[0];
        if (sorted is [var only]) return new(only / 2, only * 1.5, false, sorted);
        var margin = (sorted[^1] - sorted[0]) * 0.06;
        return isLog
            ? new(sorted[0] / 1.15, sorted[^1] * 1.15, true, sorted)
            : new(sorted[0] - margin, sorted[^1] + margin, false, sorted);
    }

    /// <summary>Where a value lies: 0 at the axis's start, 1 at its end.</summary>
    public double Place(double value) => IsLog
        ? Math.Log(Math.Max(value, _low) / _low) / Math.Log(_high / _low)
        : (value - _low) / (_high - _low);

    /// <summary>A tick's text.</summary>
    public static string Text(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + "M",
        >= 10_000 => (value / 1000).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    private static double NiceStep(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch
        {
            <= 1 => power,
            <= 2 => 2 * power,
            <= 5 => 5 * power,
            _ => 10 * power,
        };
    }
}
