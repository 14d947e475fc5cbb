using System.Runtime.InteropServices;

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
        Assert.True(LogitRows.IsPacked(1, 3));
        Assert.False(LogitRows.IsPacked(2, 4));
        Assert.False(LogitRows.IsPacked(0, 1000));
    }
}
