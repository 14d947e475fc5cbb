using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class ProgressLineTests
{
    [Theory]
    [InlineData(100, "Loading ██████░░░░░░░░░░░░░░░░░░  25 %  500 MB/s  6 s left")]
    [InlineData(58, "Loading ██████░░░░░░░░░░░░░░░░░░  25 %  500 MB/s  6 s left")]
    [InlineData(50, "Loading ████░░░░░░░░░░░░  25 %  500 MB/s  6 s left")]
    [InlineData(39, "Loading ███░░░░░░░░░░░░  25 %  6 s left")]
    [InlineData(30, "Loading 25 %  6 s left")]
    public void A_quarter_after_two_seconds_leaves_six_on_any_screen(int columns, string line) => Assert.Equal(
        line, ProgressLine.Describe("Loading", 1_000_000_000, 4_000_000_000, TimeSpan.FromSeconds(2), columns));

    [Fact]
    public void What_does_not_fit_is_cut_and_what_was_shown_is_taken_away()
    {
        using var error = new StringWriter();
        using var terminal = new Terminal
        {
            In = TextReader.Null, Out = TextWriter.Null, Error = error, IsErrorSeen = true, ErrorColumns = 5,
        };

        terminal.ShowProgress("1234567");
        terminal.ClearProgress();

        Assert.Equal("\r1234\e[K\r\e[K", error.ToString());
    }

    [Fact]
    public void Nothing_is_shown_where_nobody_looks()
    {
        var terminal = new TestTerminal();

        using (var progress = new ProgressLine(terminal.Terminal, "Loading", 10)) progress.Advance(5);

        Assert.Equal("", terminal.Error);
    }
}
