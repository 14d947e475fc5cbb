using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class ProgressLineTests
{
    [Fact]
    public void A_quarter_after_two_seconds_leaves_six() => Assert.Equal(
        "Loading ██████░░░░░░░░░░░░░░░░░░  25 %  500 MB/s  6 s left",
        ProgressLine.Describe("Loading", 1_000_000_000, 4_000_000_000, TimeSpan.FromSeconds(2)));

    [Fact]
    public void Nothing_is_shown_where_nobody_looks()
    {
        var terminal = new TestTerminal();

        using (var progress = new ProgressLine(terminal.Terminal, "Loading", 10)) progress.Advance(5);

        Assert.Equal("", terminal.Error);
    }
}
