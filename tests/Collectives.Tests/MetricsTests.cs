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
    public void A_histogram_that_others_were_added_to_says_what_one_of_all_would()
    {
        var (first, second, all) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        foreach (var value in new long[] { 1, 2, 3, 1_000_000 }) first.Record(value);
        foreach (var value in new long[] { 4, 5, 6, 7, 2_000 }) second.Record(value);
        foreach (var value in new long[] { 1, 2, 3, 1_000_000, 4, 5, 6, 7, 2_000 }) all.Record(value);

        first.Add(second);

        Assert.Equal(
            (all.Count, all.SumNanoseconds, all.MaxNanoseconds),
            (first.Count, first.SumNanoseconds, first.MaxNanoseconds));
        foreach (var q in new[] { 0.1, 0.5, 0.9, 1 }) Assert.Equal(all.Quantile(q), first.Quantile(q));
        Assert.Equal(5, second.Count);
    }

    [Fact]
    public void Waiting_moving_and_computing_add_up_to_the_operation()
    {
        var metrics = new CommunicatorMetrics(2);
        metrics[CollectiveOperation.AllReduce].Record(total: 1000, wait: 600, transfer: 300, bytes: 4096);

        var sums = metrics[CollectiveOperation.AllReduce];
        Assert.Equal(600, sums.Wait.SumNanoseconds);
        Assert.Equal(300, sums.Transfer.SumNanoseconds);
        Assert.Equal(100, sums.Reduce.SumNanoseconds);
        Assert.Equal(1000, sums.Total.SumNanoseconds);
        Assert.Equal(4096, sums.Bytes);
    }

    [Fact]
    public void A_trace_keeps_the_newest_entries_and_gives_those_of_a_window()
    {
        var trace = new TraceLog(TimeProvider.System, capacity: 4);

        for (var i = 0; i < 10; i++) trace.Record(new($"{i}", Start: i * 100, Duration: 50, 0, 0, 0));

        // The oldest of the four is where the next one would be written.
        Assert.Equal(["7", "8", "9"], trace.Since(0).Select(entry => entry.Name));
        Assert.Equal(["8", "9"], trace.Since(850).Select(entry => entry.Name));
        Assert.Empty(trace.Since(951));
    }

    [Fact]
    public void A_group_traces_what_it_does_and_counts_its_bytes() => Ranks.RunAll(Ranks.OverTcp(2), transport =>
    {
        var trace = new TraceLog(TimeProvider.System);
        var ranks = new MeshCommunicator(transport, new() { Algorithm = "one-shot", Wire = "f16", Trace = trace });
        var before = trace.Now;

        ranks.AllReduce(new float[100]);
        ranks.Barrier();

        var entries = trace.Since(before);
        Assert.Equal(["all-reduce", "barrier"], entries.Select(entry => entry.Name));
        Assert.Equal(200, entries[0].Bytes);
        Assert.Equal(200, ranks.Metrics[CollectiveOperation.AllReduce].Bytes);
        Assert.All(entries, entry => Assert.InRange(entry.Wait + entry.Transfer, 0, entry.Duration));
        Assert.True(before <= entries[0].Start && entries[0].Start + entries[0].Duration <= entries[1].Start);
        if (OperatingSystem.IsLinux())
            Assert.InRange(transport.Link(1 - transport.Rank).Health!.Value.RoundTripMicroseconds, 1, 600_000_000);
    });
}
