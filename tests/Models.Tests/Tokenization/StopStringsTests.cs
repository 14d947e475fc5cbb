using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Stop strings in text that comes in parts.</summary>
public sealed class StopStringsTests
{
    [Fact]
    public void What_may_begin_a_stop_string_is_held_back_until_it_does_not()
    {
        var stops = new StopStrings(["</s>"]);

        Assert.Equal("Hi", stops.Push("Hi<"));
        Assert.Equal("", stops.Push("/"));
        Assert.Equal("</b>", stops.Push("b>"));
        Assert.Null(stops.Found);
    }

    [Fact]
    public void A_stop_string_over_three_parts_is_found_and_nothing_behind_it_is_given_out()
    {
        var stops = new StopStrings(["User:"]);

        Assert.Equal("Yes.\n", stops.Push("Yes.\nUs"));
        Assert.Equal("", stops.Push("er"));
        Assert.Equal("", stops.Push(": again"));
        Assert.Equal("User:", stops.Found);
        Assert.Equal("", stops.Push("more"));
        Assert.Equal("", stops.Finish());
    }

    [Fact]
    public void The_end_gives_out_what_was_held()
    {
        var stops = new StopStrings(["END"]);

        Assert.Equal("the ", stops.Push("the EN"));
        Assert.Equal("EN", stops.Finish());
    }

    [Theory]
    [InlineData("abc|b", "xabc", "xa", "b")]
    [InlineData("abc|c", "xabc", "x", "abc")]
    [InlineData("aab", "aaab", "a", "aab")]
    [InlineData("ab|bcd", "abcd", "", "ab")]
    [InlineData("|", "abc", "abc", null)]
    public void The_match_that_ends_first_wins_and_of_those_the_longest(
        string stops, string text, string expected, string? found)
    {
        foreach (var parts in Cuts(text))
        {
            var search = new StopStrings(stops.Split('|'));

            var given = string.Concat(parts.Select(search.Push)) + search.Finish();

            Assert.Equal(expected, given);
            Assert.Equal(found, search.Found);
        }
    }

    [Fact]
    public void A_long_text_that_is_almost_a_stop_string_takes_one_look_at_each_letter()
    {
        var stops = new StopStrings([new string('a', 2_000) + "b"]);
        var text = new string('a', 100);
        var given = 0;

        for (var i = 0; i < 20_000; i++) given += stops.Push(text).Length;

        Assert.Equal(2_000_000 - 2_000, given);
        Assert.Equal(2_000, stops.Finish().Length);
    }

    private static IEnumerable<string[]> Cuts(string text) =>
        from cuts in Enumerable.Range(0, 1 << Math.Max(0, text.Length - 1))
        select Cut(text, cuts).ToArray();

    private static IEnumerable<string> Cut(string text, int cuts)
    {
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i < text.Length && (cuts >> (i - 1) & 1) == 0) continue;
            yield return text[start..i];
            start = i;
        }
    }
}
