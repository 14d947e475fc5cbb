using System.Runtime.InteropServices;
using Minka.Engine.Sampling;

namespace Minka.Cluster.Tests;

public sealed class LogitRowsTests
{
    [Fact]
    public void The_largest_come_back_to_their_places_and_equal_ones_go_by_id()
    {
        float[] row = [1, 5, float.NaN, 5, -2, 7, 5, float.NegativeInfinity];
        var packed = new float[6];

        LogitRows.Pack(row, packed);
        var read = new float[row.Length];
        LogitRows.Unpack(packed, read);

        Assert.Equal([7, 5, 5], packed[..3]);
        Assert.Equal([5, 1, 3], MemoryMarshal.Cast<float, int>(packed.AsSpan(3)).ToArray());
        Assert.Equal([0, 5, 0, 5, 0, 7, 0, 0], read);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(40), InlineData(127)]
    public void They_are_those_that_sorting_finds(int count)
    {
        var random = new Random(count);
        // Few different values, so that many are equal.
        float[] row = [.. Enumerable.Range(0, 5003).Select(_ => (float)random.Next(300))];
        var packed = new float[2 * count];

        LogitRows.Pack(row, packed);

        var expected = Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(count);
        Assert.Equal(expected, MemoryMarshal.Cast<float, int>(packed.AsSpan(count)).ToArray());
    }

    [Fact]
    public void A_row_of_nothing_gives_nothing()
    {
        var packed = new float[4];
        LogitRows.Pack([float.NaN, float.NegativeInfinity, float.NaN], packed);
        var read = new float[] { 1, 1, 1 };

        LogitRows.Unpack(packed, read);

        Assert.Equal([1, 1, 1], read);
    }

    [Fact]
    public void An_id_that_is_not_in_the_row_is_refused()
    {
        float[] packed = [3, BitConverter.Int32BitsToSingle(9)];

        Assert.Throws<InvalidDataException>(() => LogitRows.Unpack(packed, new float[9]));
    }

    [Fact]
    public void Ids_travel_only_where_that_is_shorter()
    {
        Assert.True(new LogitRow(1, false, -1).IsPacked(3));
        Assert.False(new LogitRow(2, false, -1).IsPacked(4));
        Assert.False(new LogitRow(0, false, -1).IsPacked(1000));
        // A sum is no use where it does not come from every rank.
        Assert.True(new LogitRow(2, true, -1).IsPacked(4));
        Assert.False(new LogitRow(2, true, -1).IsPacked(0));
    }

    [Fact]
    public void A_row_that_is_measured_brings_its_sum_and_the_logit_of_the_next_token()
    {
        float[] row = [1, 4, 2, 3];
        var wanted = new LogitRow(1, HasSum: true, Next: 102);
        var sum = new LogSumExp(4, 0.5);
        var packed = new float[wanted.Floats];

        LogitRows.Pack(wanted, row, 100, sum, packed);
        var read = new float[4];
        var read2 = LogitRows.Unpack(wanted, packed, read, 100);

        Assert.Equal(6, wanted.Floats);
        Assert.Equal(sum, read2);
        Assert.Equal([0, 4, 2, 0], read);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(5)]
    public void The_parts_of_a_row_add_up_to_the_row(int parts)
    {
        var random = new Random(parts);
        float[] row = [.. Enumerable.Range(0, 5003).Select(_ => 40 * random.NextSingle() - 30)];
        var sampler = new Sampler(row.Length);

        var merged = row.Chunk((row.Length + parts - 1) / parts)
            .Select(part => sampler.Sum(part)).Aggregate(LogSumExp.None, LogSumExp.Merge);

        // Independently: plain doubles.
        var expected = Math.Log(row.Sum(logit => Math.Exp((double)logit)));
        Assert.Equal(expected, merged.Largest + merged.LogTotal, 2e-7);
        if (parts == 1) Assert.Equal(sampler.Sum(row), merged);
    }
}
