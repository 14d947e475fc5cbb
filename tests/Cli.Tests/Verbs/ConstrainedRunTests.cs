using System.Text.Json;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>Answers that must look like something, and guesses that change none.</summary>
public sealed class ConstrainedRunTests
{
    private const string Schema = """
        {"type":"object","properties":{"answer":{"type":"integer"}},"required":["answer"]}
        """;

    [Fact]
    public async Task A_schema_may_be_given_as_text_or_as_a_file()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(file, Schema, TestContext.Current.CancellationToken);
        try
        {
            foreach (var source in (string[])[Schema, file])
            {
                var (code, output, error) = await MinkaAsync(["run", "What is 12 + 30?", "--json-schema", source]);

                Assert.Equal((0, ""), (code, error));
                using var json = JsonDocument.Parse(output);
                Assert.Equal(JsonValueKind.Number, json.RootElement.GetProperty("answer").ValueKind);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("^[0-9]{3}-(up|down)$", "--regex", "[0-9]{3}-(up|down)")]
    [InlineData("^(yes|no)$", "--choice", "yes, no")]
    [InlineData("^(ab)+$", "--grammar", "root ::= \"ab\" root | \"ab\"", "-n", "10")]
    [InlineData("^(ab)+$", "--grammar", "root ::= \"ab\" root | \"ab\"", "-n", "10", "--spec", "ngram")]
    public async Task An_answer_is_what_was_asked_for(string pattern, params string[] args)
    {
        var (code, output, _) = await MinkaAsync(["run", "Say something.", "--temp", "1", "--seed", "4", .. args]);

        Assert.Equal(0, code);
        Assert.Matches(pattern, output.TrimEnd('\n'));
    }

    [Theory]
    [InlineData("minka: the answer was cut after 3 tokens, so it is not whole; a higher -n or --ctx gives it room.\n",
        "--json-object")]
    [InlineData("")]
    public async Task An_answer_that_is_cut_says_so_where_it_must_be_whole(string said, params string[] args)
    {
        var (code, _, error) = await MinkaAsync(["run", "Tell me a story.", "-n", "3", .. args]);

        Assert.Equal((0, said), (code, error));
    }

    [Fact]
    public async Task Json_object_makes_json()
    {
        var (_, output, _) = await MinkaAsync(["run", "Hello", "--json-object", "--temp", "0", "-n", "400"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
    }

    [Theory]
    [InlineData(2, "--regex and --choice", "--regex", "a", "--choice", "b")]
    [InlineData(2, "no file", "--json-schema", "nowhere.json")]
    [InlineData(2, "no file", "--grammar", "nowhere.gbnf")]
    [InlineData(2, "not supported", "--json-schema", """{"not":{}}""")]
    [InlineData(2, "looks around", "--regex", "(?=a)")]
    [InlineData(2, "no JSON", "--json-schema", "{,", "--server", "http://127.0.0.1:9")]
    [InlineData(2, "leave them out", "--spec", "ngram", "--server", "http://127.0.0.1:9")]
    [InlineData(2, "--spec", "--draft-max", "4")]
    [InlineData(2, "one of them", "--spec", "ngram", "--draft-model", "minka-tiny")]
    public async Task What_makes_no_sense_is_said(int code, string part, params string[] args)
    {
        var (found, _, error) = await MinkaAsync(["run", "Hello", .. args]);

        Assert.Equal(code, found);
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--spec", "ngram")]
    [InlineData("--spec", "ngram", "--draft-max", "3")]
    [InlineData("--draft-model", "minka-tiny")]
    public async Task Guesses_change_no_text_and_are_counted(params string[] args)
    {
        string[] story = ["run", "--raw", "one two one two one two one", "-n", "60", "--temp", "0", "--ignore-eos"];

        var plain = await MinkaAsync(story);
        var (code, output, error) = await MinkaAsync([.. story, "--stats", .. args]);

        Assert.Equal((0, plain.Out), (code, output));
        Assert.Matches("guesses [1-9][0-9]* tokens, [0-9]+ of them right", error);
    }
}
