using Minka.Server.Web;

namespace Minka.Server.Tests.Web;

public sealed class HistoryTests
{
    [Theory]
    [InlineData(0, "2 3 4 5", 2)]
    [InlineData(4, "4 5", 4)]
    [InlineData(6, "", 6)]
    [InlineData(99, "2 3 4 5", 2)]
    public void What_came_since_a_number_is_read_as_far_as_it_is_kept(long since, string expected, long firstExpected)
    {
        var history = new History<int>(4);
        for (var i = 0; i < 6; i++) history.Add(i);

        var found = history.Read(since, out var first, out var next);

        Assert.Equal(expected, string.Join(' ', found));
        Assert.Equal((firstExpected, 6), (first, next));
    }
}
