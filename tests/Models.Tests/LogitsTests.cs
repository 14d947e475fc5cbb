namespace Minka.Models.Tests;

public sealed class LogitsTests
{
    [Theory]
    [InlineData(new[] { 1f, 3f, 2f }, 1)]
    [InlineData(new[] { -4f }, 0)]
    [InlineData(new[] { 2f, 5f, 5f, 1f }, 1)]
    [InlineData(new[] { float.NegativeInfinity, float.NegativeInfinity }, 0)]
    [InlineData(new[] { float.NaN, -7f, float.NaN, -6f, -8f }, 3)]
    [InlineData(new[] { 1f, float.PositiveInfinity, 2f }, 1)]
    public void The_largest_is_the_first_of_equal_ones_and_a_number(float[] row, int index) =>
        Assert.Equal(index, Logits.IndexOfLargest(row));

    [Fact]
    public void It_is_found_anywhere_in_a_long_row()
    {
        var random = new Random(1);
        var row = Enumerable.Range(0, 2_049).Select(_ => random.NextSingle() - 2).ToArray();
        for (var i = 0; i < row.Length; i += 61)
        {
            var before = row[i];
            row[i] = 0.5f;
            Assert.Equal(i, Logits.IndexOfLargest(row));
            row[i] = before;
        }
    }
}
