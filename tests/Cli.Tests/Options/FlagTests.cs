using System.CommandLine;
using Minka.Cli.Options;

namespace Minka.Cli.Tests.Options;

public sealed class FlagTests
{
    private static readonly Option<double?> _heat = Flag.Number(["--temp"], "T", 0.0, 100, "Heat.");
    private static readonly Option<int?> _count = Flag.Number(["--count", "-n"], "N", -1, int.MaxValue, "Count.");
    private static readonly Option<int?> _mode = Flag.Choice<int>(["--mode"], [("low", 1), ("high", 2)], "Mode.");

    private static ParseResult Parse(params string[] args) => new RootCommand { _heat, _count, _mode }.Parse(args);

    [Fact]
    public void Values_are_read_with_a_point_whatever_the_culture()
    {
        var parse = Parse("--temp", "0.5", "-n", "-1", "--mode", "HIGH");

        Assert.Equal(0.5, parse.GetValue(_heat));
        Assert.Equal(-1, parse.GetValue(_count));
        Assert.Equal(2, parse.GetValue(_mode));
    }

    [Fact]
    public void An_absent_option_is_null() => Assert.Null(Parse().GetValue(_heat));

    [Theory]
    [InlineData("--temp is 'hot'; it takes a number from 0 to 100.", "--temp", "hot")]
    [InlineData("--temp is '101'; it takes a number from 0 to 100.", "--temp", "101")]
    [InlineData("--temp is 'NaN'; it takes a number from 0 to 100.", "--temp", "NaN")]
    [InlineData("--count is '1.5'; it takes a whole number of at least -1.", "-n", "1.5")]
    [InlineData("--count is '99999999999'; it takes a whole number from -1 to 2147483647.", "-n", "99999999999")]
    [InlineData("--mode is 'middle'; it takes one of low, high.", "--mode", "middle")]
    public void A_wrong_value_is_answered_with_what_was_found_and_needed(string sentence, params string[] args) =>
        Assert.Equal(sentence, WrongUsage.Describe(Parse(args)));
}
