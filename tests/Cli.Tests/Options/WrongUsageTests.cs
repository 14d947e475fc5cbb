using System.CommandLine;
using Minka.Cli.Options;

namespace Minka.Cli.Tests.Options;

/// <summary>What a misspelt option is answered with.</summary>
public sealed class WrongUsageTests
{
    [Theory]
    [InlineData("--temperature", "--temp")]
    [InlineData("--max-token", "--max-tokens")]
    [InlineData("--maxtokens", "--max-tokens")]
    [InlineData("--max_tokens", "--max-tokens")]
    [InlineData("--Temp", "--temp")]
    [InlineData("--tmep", "--temp")]
    [InlineData("--max-tokens-of-an-answer", "--max-tokens")]
    [InlineData("--max", "--max-queue")] // both begin so; the shorter one is nearer
    [InlineData("--temperature=0.5", "--temp", "--temperature")]
    public void An_option_that_does_not_exist_suggests_the_nearest(string typed, string nearest, string? said = null) =>
        Assert.Equal($"There is no option '{said ?? typed}'; did you mean '{nearest}'?", Describe(typed));

    [Theory]
    [InlineData("--colour")]
    [InlineData("--te")] // two letters begin too much
    public void What_is_near_nothing_points_to_the_help(string typed) =>
        Assert.Equal($"There is no option '{typed}'; --help shows what there is.", Describe(typed));

    [Theory]
    [InlineData("run", "Hi", "--temperature", "0.5", "--max-tokens", "3", "--repetition-penalty", "1.1")]
    [InlineData("run", "Hi", "--context", "64")]
    [InlineData("serve", "--max-model-len", "64")]
    [InlineData("bench", "serve", "--temp", "0", "--repeat-penalty", "1")]
    public void Names_from_other_programs_are_taken_too(params string[] args) =>
        Assert.Null(WrongUsage.Describe(Door.Parse(args, new TestTerminal().Terminal)));

    private static string? Describe(string typed) => WrongUsage.Describe(new RootCommand
    {
        new Argument<string[]>("words"),
        Flag.Number(["--temp"], "T", 0.0, 100, "Heat."),
        Flag.Number(["--max-tokens"], "N", 1, 100, "Tokens."),
        Flag.Number(["--max-queue"], "N", 1, 100, "Queue."),
        Flag.Number(["--seed"], "N", 1, 100, "Seed."),
    }.Parse([typed, "1"]));
}
