using System.Text.Json.Nodes;
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

    [Fact]
    public async Task Texts_are_the_same_when_a_draft_model_guesses_for_all_users_at_once()
    {
        var plain = await TextsAsync([]);
        var guessed = await TextsAsync(["--draft-model", "minka-tiny"]);

        Assert.Equal(plain.Texts, guessed.Texts);
        Assert.Equal(0, Metric(plain.Metrics, "vllm:spec_decode_num_draft_tokens_total"));
        Assert.True(Metric(guessed.Metrics, "vllm:spec_decode_num_drafts_total") > 0);
        // The model guesses for itself, so that most of what it guesses is right.
        Assert.True(Metric(guessed.Metrics, "vllm:spec_decode_num_accepted_tokens_total")
            > .8 * Metric(guessed.Metrics, "vllm:spec_decode_num_draft_tokens_total"), guessed.Metrics);
    }

    [Theory]
    [InlineData("Other machines reach 0.0.0.0; give --api-key", "--host", "0.0.0.0")]
    [InlineData("--host is 'nowhere'; an address of this machine", "--host", "nowhere")]
    [InlineData("There is no key file 'gone'.", "--api-key-file", "gone")]
    [InlineData("The model 'minka-tiny' is named twice", "minka-tiny", "-m", "minka-tiny")]
    [InlineData("--spec ngram and --draft-model both guess", "--spec", "ngram", "--draft-model", "minka-tiny")]
    [InlineData("--draft-model guesses for one model; 2 are", "-m", "a", "-m", "b", "--draft-model", "minka-tiny")]
    [InlineData("--served-model-name is given 2 times for 1 models.", "--alias", "a", "--alias", "b")]
    public async Task A_server_that_makes_no_sense_does_not_start(string sentence, params string[] args)
    {
        var (code, output, error) = await MinkaAsync(["serve", .. args]);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"minka: {sentence}", error, StringComparison.Ordinal);
    }

    /// <summary>What a server says to several at once, and its metrics after that.</summary>
    private static async Task<(string[] Texts, string Metrics)> TextsAsync(string[] options)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var terminal = new TestTerminal();
        var serving = Door.OpenAsync(
            ["serve", "--port", "0", "-t", "1", "--drain-delay", "0", .. options], terminal.Terminal);
        while (!serving.IsCompleted && !terminal.Out.Contains("/v1;"))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        using var client = new HttpClient { BaseAddress = new(Address().Match(terminal.Out).Value) };

        string[] prompts = ["Once upon a time", "The sea", "What is paged attention?", "a, b, c,"];
        var texts = await Task.WhenAll(prompts.Select(async prompt =>
        {
            using var body = new StringContent(
                $$"""{"prompt":"{{prompt}}","max_tokens":60,"temperature":0,"ignore_eos":true}""",
                System.Text.Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(
                new Uri("/v1/completions", UriKind.Relative), body, cancellation);
            var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation))!;
            return (string)json["choices"]![0]!["text"]!;
        }));
        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation);
        terminal.Terminal.Interrupts.Raise();
        Assert.Equal(0, await serving);
        return (texts, metrics);
    }

    private static double Metric(string metrics, string name) => double.Parse(
        metrics.Split('\n').Single(line => line.StartsWith(name + "{", StringComparison.Ordinal)).Split(' ')[^1],
        System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
