using Minka.Collectives.Metrics;

namespace Minka.Collectives.Tests;

public sealed class MetricsTests
{
    [Fact]
    public void Quantiles_are_within_three_percent_over_nine_decades()
    {
        var random = new Random(5);
        var histogram = new LatencyHistogram();
        var values = new List<long>();
        for (var i = 0; i < 20_000; i++)
        {
            values.Add((long)Math.Pow(10, random.NextDouble() * 9));
            histogram.Record(values[^1]);
        }
        values.Sort();

        foreach (var q in new[] { 0.01, 0.5, 0.95, 0.99, 1 })
        {
            var exact = values[(int)Math.Ceiling(q * values.Count) - 1];
            Assert.InRange(histogram.Quantile(q), exact * 0.965, exact * 1.035);
        }
        Assert.Equal(values.Sum(), histogram.SumNanoseconds);
        Assert.Equal(values[^1], histogram.MaxNanoseconds);
    }

    [Fact]
    public void Small_numbers_are_exact_and_the_ends_are_held()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(0, histogram.Quantile(0.5));

        foreach (var value in new long[] { -5, 0, 3, 3, 15, long.MaxValue }) histogram.Record(value);

        Assert.Equal(3, histogram.Quantile(0.5));
        Assert.Equal(15, histogram.Quantile(5 / 6.0));
        Assert.Equal(6, histogram.Count);
        Assert.True(histogram.Quantile(1) > 1e12);
    }

    [Fact]
    public void Waiting_moving_and_computing_add_up_to_the_operation()
    {
        var metrics = new CommunicatorMetrics(2);
        metrics[CollectiveOperation.AllReduce].Record(total: 1000, wait: 600, transfer: 300);

        var sums = metrics[CollectiveOperation.AllReduce];
        Assert.Equal(600, sums.Wait.SumNanoseconds);
        Assert.Equal(300, sums.Transfer.SumNanoseconds);
        Assert.Equal(100, sums.Reduce.SumNanoseconds);
        Assert.Equal(1000, sums.Total.SumNanoseconds);
    }
}
