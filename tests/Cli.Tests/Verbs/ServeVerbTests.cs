using System.Text.RegularExpressions;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>A server from the command line, and the verbs that can ask one.</summary>
public sealed partial class ServeVerbTests
{
    [Fact]
    public async Task Run_and_chat_ask_a_server_instead()
    {
        using var terminal = new TestTerminal();
        var serving = Door.OpenAsync(["serve", "--port", "0", "-t", "1", "--drain-delay", "0"], terminal.Terminal);
        for (var i = 0; i < 9000 && !serving.IsCompleted && !terminal.Out.Contains("/v1;"); i++)
            await Task.Delay(
                TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        var url = Address().Match(terminal.Out).Value;

        var run = await MinkaAsync(["run", "--server", url, "What is 12 + 30?"]);
        var raw = await MinkaAsync(["run", "--server", url + "/v1", "--raw", "Once upon", "-n", "2", "--temp", "0"]);
        var chat = await MinkaAsync(["chat", "--server", url], "What is 12 + 30?\n");
        var refused = await MinkaAsync(["run", "--server", url, "-m", "other", "Hi"]);
        terminal.Terminal.Interrupts.Raise();

        Assert.Equal((0, "12 + 30 = 42.\n", ""), run);
        Assert.Equal((0, " a time\n", ""), raw);
        Assert.Equal((0, "12 + 30 = 42.\n", ""), chat);
        Assert.Equal(1, refused.Code);
        Assert.Contains("404: There is no model 'other'", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, await serving);
    }

    [Theory]
    [InlineData("Other machines reach 0.0.0.0; give --api-key", "--host", "0.0.0.0")]
    [InlineData("--host is 'nowhere'; an address of this machine", "--host", "nowhere")]
    [InlineData("There is no key file 'gone'.", "--api-key-file", "gone")]
    [InlineData("The model 'minka-tiny' is named twice", "minka-tiny", "-m", "minka-tiny")]
    [InlineData("--served-model-name is given 2 times for 1 models.", "--alias", "a", "--alias", "b")]
    public async Task A_server_that_makes_no_sense_does_not_start(string sentence, params string[] args)
    {
        var (code, output, error) = await MinkaAsync(["serve", .. args]);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"minka: {sentence}", error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
