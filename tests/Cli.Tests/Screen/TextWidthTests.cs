using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class TextWidthTests
{
    [Theory]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("🙂", 2)]
    public void Columns_are_those_of_a_terminal(string text, int columns) =>
        Assert.Equal((0, columns), TextWidth.Advance(text, (0, 0), 80, 0));

    [Fact]
    public void A_wide_letter_that_does_not_fit_goes_to_the_next_row() =>
        Assert.Equal((1, 2), TextWidth.Advance("abc日", (0, 0), 4, 0));

    [Fact]
    public void A_full_row_leaves_the_cursor_at_the_start_of_the_next() =>
        Assert.Equal((1, 0), TextWidth.Advance("abcd", (0, 0), 4, 0));

    [Fact]
    public void A_newline_goes_to_the_indent() =>
        Assert.Equal((1, 6), TextWidth.Advance("a\nbc", (0, 2), 80, 4));
}
