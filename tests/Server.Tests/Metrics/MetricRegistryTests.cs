using System.Buffers;
using System.Text;
using Minka.Server.Metrics;

namespace Minka.Server.Tests.Metrics;

public sealed class MetricRegistryTests
{
    private readonly MetricRegistry _registry = new();

    [Fact]
    public void A_counter_is_written_with_its_help_type_and_labels()
    {
        _registry.Counter("apples_total", "Apples eaten.", "colour").With("red").Add(3);

        Assert.Equal("# HELP apples_total Apples eaten.\n# TYPE apples_total counter\napples_total{colour=\"red\"} 3\n",
            Text());
    }

    [Fact]
    public void A_histogram_counts_values_up_to_and_including_each_bound()
    {
        var histogram = _registry.Histogram("wait_seconds", "Waiting.", [1, 2.5], null).With();
        foreach (var value in new[] { 0.5, 1, 2, 9, double.NaN }) histogram.Observe(value);

        Assert.Equal("""
            # HELP wait_seconds Waiting.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{le="1"} 2
            wait_seconds_bucket{le="2.5"} 3
            wait_seconds_bucket{le="+Inf"} 4
            wait_seconds_sum 12.5
            wait_seconds_count 4

            """, Text());
    }

    [Fact]
    public void Another_name_shows_the_same_series_with_fewer_buckets()
    {
        var family = _registry.Histogram("fine_seconds coarse_seconds", "Both.", [.1, 1, 10], [1, 10], "model");
        foreach (var value in new[] { .05, .5, 5, 50 }) family.With("m").Observe(value);

        var coarse = PrometheusReader.Read(Text())["coarse_seconds"].Samples;

        Assert.Equal([2, 3, 4, 55.55, 4], coarse.Select(s => s.Value));
        Assert.Equal(["1", "10", "+Inf"], coarse.Where(s => s.Labels.ContainsKey("le")).Select(s => s.Labels["le"]));
    }

    [Fact]
    public void Label_values_cannot_break_out_of_their_quotes()
    {
        const string evil = "a\"} 1\nminka_up 666\\";
        _registry.Gauge("up", "Line one\nback\\slash", "model").With(evil).Set(1);

        var sample = Assert.Single(Assert.Single(PrometheusReader.Read(Text())).Value.Samples);

        Assert.Equal(evil, sample.Labels["model"]);
    }

    [Fact]
    public void Numbers_read_back_as_they_were()
    {
        var family = _registry.Gauge("g", "Numbers.", "n");
        double[] numbers = [0, -1.5, 1e-300, 1e300, 123456789012345, .1, double.PositiveInfinity, double.NaN];
        for (var i = 0; i < numbers.Length; i++) family.With($"{i}").Set(numbers[i]);

        Assert.Equal(numbers, PrometheusReader.Read(Text())["g"].Samples.Select(s => s.Value));
    }

    [Fact]
    public void The_thousand_and_first_series_is_counted_as_other()
    {
        var family = _registry.Counter("c_total", "Many.", "who");
        for (var i = 0; i < MetricFamily.SeriesMax + 5; i++) family.With($"user{i}").Add();

        var samples = PrometheusReader.Read(Text())["c_total"].Samples;

        Assert.Equal(MetricFamily.SeriesMax + 1, samples.Count);
        Assert.Equal(5, samples.Single(s => s.Labels["who"] == MetricFamily.Other).Value);
    }

    [Theory]
    [InlineData("with space", "")]
    [InlineData("1st_total", "")]
    [InlineData("no_suffix", "")]
    [InlineData("fine_total", "__reserved")]
    [InlineData("fine_total", "has-dash")]
    public void A_counter_that_prometheus_would_refuse_is_not_made(string name, string label) =>
        Assert.Throws<ArgumentException>(() => _registry.Counter(name, "Bad.", label.Length == 0 ? [] : [label]));

    [Fact]
    public void A_name_is_given_once()
    {
        _registry.Counter("a_total b_total", "First.");

        Assert.Throws<ArgumentException>(() => _registry.Counter("b_total", "Second."));
    }

    [Fact]
    public void Observing_allocates_nothing()
    {
        var counter = _registry.Counter("c_total", "C.", "l").With("x");
        var histogram = _registry.Histogram("h", "H.", Buckets.FirstToken, null, "l").With("x");
        var gauge = _registry.Gauge("g", "G.").With();
        Observe();
        var before = GC.GetAllocatedBytesForCurrentThread();

        Observe();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Observe()
        {
            for (var i = 0; i < 1000; i++)
            {
                counter.Add();
                gauge.Add(0.5);
                histogram.Observe(i / 100.0);
                histogram.Observe(TimeSpan.FromTicks(i));
            }
        }
    }

    [Fact]
    public async Task Additions_from_many_threads_are_all_counted()
    {
        var counter = _registry.Counter("c_total", "C.").With();
        var histogram = _registry.Histogram("h", "H.", [1], null).With();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add();
                histogram.Observe(0.5);
            }
        })));

        Assert.Equal(80_000, counter.Value);
        Assert.Equal(80_000, histogram.Count);
        Assert.Equal(40_000, histogram.Sum);
    }

    [Fact]
    public void A_counter_that_follows_another_never_falls()
    {
        var counter = _registry.Counter("c_total", "C.").With();
        counter.Follow(7);
        counter.Follow(3);

        Assert.Equal(7, counter.Value);
    }

    [Fact]
    public void A_quantile_lies_inside_the_bucket_that_holds_it()
    {
        var histogram = _registry.Histogram("h", "H.", [1, 2, 4], null).With();
        foreach (var value in new[] { .5, 1.5, 1.5, 3 }) histogram.Observe(value);

        Assert.Equal(1.5, histogram.Quantile(.5));
        Assert.Equal(4, histogram.Quantile(1));
    }

    [Theory]
    [InlineData("a_total 1\n", "no TYPE")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1", "no line feed at the end")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1\na 2\n", "twice")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{b=\"c\\d\"} 1\n", "escape")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na  1\n", "two spaces")]
    [InlineData("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n", "no +Inf")]
    [InlineData("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "not cumulative")]
    public void The_reader_of_these_tests_refuses_what_breaks_the_format(string text, string why)
    {
        Assert.NotEmpty(why);
        Assert.Throws<FormatException>(() => PrometheusReader.Read(text));
    }

    private string Text()
    {
        var text = new ArrayBufferWriter<byte>();
        _registry.Write(text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
