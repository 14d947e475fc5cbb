using Minka.LoadTest.Arrivals;

namespace Minka.LoadTest.Tests.Arrivals;

/// <summary>Schedules have the statistics that their names promise.</summary>
public sealed class ArrivalPatternTests
{
    private const int Many = 40_000;

    [Fact]
    public void Poisson_gaps_are_exponential()
    {
        var gaps = Gaps(new GammaArrivals(4).Times(Many, 1)).Order().ToArray();

        // Kolmogorov and Smirnov: the largest distance from 1 - exp(-4 t), beyond 1.63 / sqrt(n) once in a hundred.
        var distance = gaps.Select((gap, i) => Math.Abs((i + 0.5) / gaps.Length - (1 - Math.Exp(-4 * gap)))).Max();
        Assert.InRange(distance * Math.Sqrt(gaps.Length), 0, 1.63);
    }

    [Fact]
    public void Poisson_counts_vary_as_much_as_their_mean()
    {
        var times = new GammaArrivals(10).Times(Many, 2);

        var counts = times.GroupBy(at => (int)at).Select(group => (double)group.Count()).ToList();
        var windows = (int)times[^1];
        var mean = times.Length / (double)windows;
        var variance = (counts.Sum(count => count * count) - windows * mean * mean) / windows;
        Assert.InRange(variance / mean, 0.94, 1.06);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    public void Gamma_gaps_have_the_spread_of_their_shape(double shape)
    {
        var gaps = Gaps(new GammaArrivals(5, shape).Times(Many, 3));

        var mean = gaps.Average();
        var deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));
        var skew = gaps.Average(gap => Math.Pow((gap - mean) / deviation, 3));
        Assert.Equal(0.2, mean, 9);
        Assert.InRange(deviation / mean * Math.Sqrt(shape), 0.97, 1.03);
        Assert.InRange(skew / (2 / Math.Sqrt(shape)), 0.85, 1.15);
    }

    [Fact]
    public void A_seed_gives_the_same_times_and_another_seed_others()
    {
        var pattern = new GammaArrivals(3, 0.7);

        Assert.Equal(pattern.Times(100, 5), pattern.Times(100, 5));
        Assert.NotEqual(pattern.Times(100, 5), pattern.Times(100, 6));
    }

    [Theory, MemberData(nameof(Patterns))]
    public void Times_begin_at_0_rise_and_keep_their_rate(ArrivalPattern pattern)
    {
        var times = pattern.Times(20_000, 9);

        Assert.Equal(0, times[0]);
        Assert.Equal(times.Order(), times);
        Assert.InRange(20_000 / times[^1], pattern.Rate * 0.99, pattern.Rate * 1.01);
    }

    public static TheoryData<ArrivalPattern> Patterns() =>
    [
        new ConstantArrivals(8), new GammaArrivals(8), new GammaArrivals(8, 0.3), new BurstArrivals(8, 16),
        new OnOffArrivals(8, 5, 10), new RecordedArrivals([.. Enumerable.Range(0, 20_000).Select(i => i / 4.0)], 2),
    ];

    [Fact]
    public void Bursts_come_together_and_their_rate_holds_in_the_long_run() =>
        Assert.Equal([0, 0, 0, 1.5, 1.5, 1.5, 3], new BurstArrivals(2, 3).Times(7, 0));

    [Fact]
    public void On_and_off_is_silent_while_it_is_off()
    {
        var times = new OnOffArrivals(20, 2, 3).Times(5000, 4);

        Assert.All(times, at => Assert.InRange(at % 5, 0, 2 + 1e-9));
    }

    [Fact]
    public void A_trace_is_played_from_its_first_time_as_fast_as_wanted() =>
        Assert.Equal([0, 1, 2.5], new RecordedArrivals([10, 12, 15, 99], 2).Times(3, 0));

    [Fact]
    public void A_trace_that_is_too_short_is_refused() => Assert.Contains("the trace records 2",
        Assert.Throws<ArgumentOutOfRangeException>(() => new RecordedArrivals([0, 1]).Times(3, 0)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_rate_can_be_changed_without_the_pattern()
    {
        Assert.Equal(new GammaArrivals(7, 0.5), LoadSweep.WithRate(new GammaArrivals(2, 0.5), 7));
        Assert.Equal(3, LoadSweep.WithRate(new RecordedArrivals([0, 1, 2]), 3).Rate, 9);
    }

    private static List<double> Gaps(double[] times) => [.. times.Zip(times.Skip(1), (one, next) => next - one)];
}
