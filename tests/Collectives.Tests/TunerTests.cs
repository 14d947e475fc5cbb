using Minka.Collectives.Choosing;
using Minka.Collectives.Simulation;

namespace Minka.Collectives.Tests;

/// <summary>The choice is made from measurements of simulated links, where the right answer is known.</summary>
public sealed class TunerTests
{
    [Theory]
    [InlineData(2, 100, "one-shot", "two-shot")]
    [InlineData(8, 20, "two-shot", "two-shot")]
    [InlineData(4, 2000, "one-shot", "two-shot")]
    public void The_fastest_algorithm_is_found_for_short_and_long_messages(
        int size, int latencyMicroseconds, string forDecode, string forPrefill)
    {
        var (tunings, _) = Tune(size, latencyMicroseconds);

        Assert.Equal(forDecode, tunings[0].Rows[1].Algorithm); // 8 KiB.
        Assert.Contains(tunings[0].Rows[4].Algorithm, new[] { forPrefill, "ring", "one-shot", "recursive-doubling" });
        var longest = tunings[0].Rows[4];
        Assert.Equal(longest.Times.Where(time => time.IsMeasured).Min(time => time.Seconds),
            longest.Times.Single(time => time.Algorithm == longest.Algorithm).Seconds);
    }

    [Fact]
    public void Latency_and_bandwidth_are_what_the_network_has()
    {
        var (tunings, _) = Tune(4, 150);

        Assert.InRange(tunings[0].LatencySeconds * 1e6, 150, 155);
        Assert.InRange(tunings[0].BytesPerSecond / 1e6, 105, 118);
    }

    [Fact]
    public void All_ranks_choose_the_same_and_round_trips_are_recorded()
    {
        var (tunings, roundTrips) = Tune(5, 100, jitter: 40);

        Assert.All(tunings, tuning => Assert.Equal(tunings[0].Describe(), tuning.Describe()));
        Assert.All(roundTrips, trips => Assert.InRange(trips / 1e3, 200, 300));
    }

    [Fact]
    public void Measuring_takes_about_the_time_it_was_given()
    {
        var network = new SimulatedNetwork(8, new() { Seed = 1 });

        Assert.All(network.Run(transport =>
            new MeshCommunicator(transport, new()).Tune(TimeSpan.FromMilliseconds(500))), Assert.Null);

        Assert.InRange(network.Elapsed.TotalMilliseconds, 100, 1000);
    }

    [Fact]
    public void The_description_says_what_was_chosen_and_why()
    {
        var tuning = new CollectiveTuning(105e-6, 117.7e6,
            [new(8192, "two-shot", [new("one-shot", 359e-6, true), new("two-shot", 265e-6, true),
                new("ring", 1465e-6, false)])]);

        Assert.Equal("links: 105 us one way, 118 MB/s\n    8 KiB: two-shot (us: one-shot 359 two-shot 265 ring ~1465)",
            tuning.Describe());
    }

    [Fact]
    public void Before_measuring_the_choice_is_that_of_gigabit_ethernet()
    {
        Assert.Equal("one-shot", new AllReduceChoice("auto", 2).For(8 << 10).Name);
        Assert.Equal("two-shot", new AllReduceChoice("auto", 8).For(8 << 10).Name);
        Assert.Equal("ring", new AllReduceChoice("ring", 8).For(8 << 10).Name);
    }

    private static (CollectiveTuning[] Tunings, double[] RoundTrips) Tune(int size, int microseconds, int jitter = 0)
    {
        var network = new SimulatedNetwork(size, new()
        {
            Seed = 4, Latency = TimeSpan.FromMicroseconds(microseconds), Jitter = TimeSpan.FromMicroseconds(jitter),
        });
        var tunings = new CollectiveTuning[size];
        var trips = new double[size];
        Assert.All(network.Run(transport =>
        {
            var ranks = new MeshCommunicator(transport, new() { Wire = "q8" });
            tunings[transport.Rank] = ranks.Tune(TimeSpan.FromSeconds(2));
            trips[transport.Rank] = ranks.Metrics.Links[(transport.Rank + 1) % size].RoundTrip.Quantile(0.5);
        }), Assert.Null);
        return (tunings, trips);
    }
}
