using System.Text.Json.Nodes;

namespace Minka.Server.Tests.OpenAi;

public sealed class CompletionsTests(TinyServer server)
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task A_stream_says_what_the_whole_answer_says()
    {
        const string body = """{"prompt":["Once upon a time","The capital of Peru"],"n":2,"max_tokens":12""";
        var (_, whole) = await server.PostAsync(Path, body + "}");
        var events = await server.StreamAsync(Path, body + ",\"stream\":true}");

        Assert.Equal("[DONE]", events[^1]);
        var chunks = events.SkipLast(1).Select(text => JsonNode.Parse(text)!["choices"]![0]!).ToList();
        for (var i = 0; i < 4; i++)
        {
            var mine = chunks.Where(chunk => (int)chunk["index"]! == i).ToList();
            Assert.Equal(
                (string?)whole["choices"]![i]!["text"], string.Concat(mine.Select(chunk => (string?)chunk["text"])));
            Assert.Equal("length", (string?)mine[^1]["finish_reason"]);
        }
    }

    [Theory]
    [InlineData("upon"), InlineData(" upon"), InlineData("upon a time")]
    public async Task Bad_words_are_not_said(string word)
    {
        const string rest = "\"prompt\":\"Once\",\"max_tokens\":6,\"temperature\":0";

        var (_, free) = await server.PostAsync(Path, $"{{{rest}}}");
        var (_, forbidden) = await server.PostAsync(Path, $"{{{rest},\"bad_words\":[\"{word}\"]}}");

        Assert.StartsWith(" upon a", (string?)free["choices"]![0]!["text"], StringComparison.Ordinal);
        Assert.DoesNotContain(word, (string?)forbidden["choices"]![0]!["text"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5"), InlineData("[5]"), InlineData("[\"\"]"), InlineData("[\" \"]")]
    public async Task Bad_words_that_are_no_words_are_refused(string words)
    {
        var (status, answer) = await server.PostAsync(Path, $"{{\"prompt\":\"Once\",\"bad_words\":{words}}}");

        Assert.Equal((400, "bad_words"), (status, (string?)answer["error"]!["param"]));
    }

    [Fact]
    public async Task Echo_with_logprobs_measures_the_prompt_without_making_a_token()
    {
        var (status, answer) = await server.PostAsync(
            Path, """{"prompt":"Once upon a time","max_tokens":0,"echo":true,"logprobs":1}""");

        Assert.Equal(200, status);
        var choice = answer["choices"]![0]!;
        var logprobs = choice["logprobs"]!;
        Assert.Equal("Once upon a time", (string?)choice["text"]);
        Assert.Equal("""["Once"," upon"," a"," time"]""", logprobs["tokens"]!.ToJsonString());
        Assert.Equal("[0,4,9,11]", logprobs["text_offset"]!.ToJsonString());
        Assert.Null(logprobs["token_logprobs"]![0]);
        Assert.All(logprobs["token_logprobs"]!.AsArray().Skip(1), value => Assert.InRange((double)value!, -20, 0));
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Token_ids_are_a_prompt_too()
    {
        var (_, text) = await server.PostAsync(Path, """{"prompt":"Hello 1","max_tokens":4}""");
        var (_, ids) = await server.PostAsync(Path, """{"prompt":[1005,227,23],"max_tokens":4}""");

        Assert.Equal((string?)text["choices"]![0]!["text"], (string?)ids["choices"]![0]!["text"]);
    }

    [Theory]
    [InlineData("[-1]", "'prompt[0]' is -1; ", Id)]
    [InlineData("[5,2048]", "'prompt[1]' is 2048; ", Id)]
    [InlineData("[5,1.5]", "'prompt[1]' is 1.5; ", Id)]
    [InlineData("[1e999]", "'prompt[0]' is 1e999; ", Id)]
    [InlineData("[99999999999999999999999999999999999999]", "'prompt[0]' is 99999999999999999999999999999999…; ", Id)]
    [InlineData("[5,\"a\"]", "'prompt[1]' is a string; ", Id)]
    [InlineData("[5,null]", "'prompt[1]' is null; ", Id)]
    [InlineData("[5,[6]]", "'prompt[1]' is a list; ", Id)]
    [InlineData("[[5],[6,-7]]", "'prompt[1][1]' is -7; ", Id)]
    [InlineData("[[5],[[6]]]", "'prompt[1][0]' is a list; ", Id)]
    [InlineData("[[5],[\"a\"]]", "'prompt[1][0]' is a string; ", Id)]
    [InlineData("[\"a\",5]", "'prompt[1]' is 5; ", Entry)]
    [InlineData("[null]", "'prompt[0]' is null; ", Entry)]
    [InlineData("[{}]", "'prompt[0]' is an object; ", Entry)]
    [InlineData("[]", "'prompt' is an empty list; ", Whole)]
    [InlineData("5", "'prompt' is a number; ", Whole)]
    [InlineData("[[5],[]]", "'prompt[1]' is an empty list; ", One)]
    [InlineData("[\"a\",\"\"]", "'prompt[1]' is empty; ", One)]
    [InlineData("\"\"", "'prompt' is empty; ", One)]
    public async Task A_prompt_that_is_none_is_refused_by_place_and_value(string prompt, string found, string needed)
    {
        var (status, answer) = await server.PostAsync(Path, $"{{\"prompt\":{prompt}}}");

        Assert.Equal((400, "prompt", found + needed),
            (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["message"]));
    }

    private const string Id = "a token id of the model is needed, a whole number from 0 to 2047.",
        Entry = "a text or a list of token ids is needed.",
        Whole = "a text, token ids, or a list of them is needed.",
        One = "at least one token is needed.";

    [Theory]
    [InlineData("\"stop_token_ids\":[5,2048]", "stop_token_ids",
        "'stop_token_ids[1]' is 2048; a token id of the model is needed, a whole number from 0 to 2047.")]
    [InlineData("\"logit_bias\":{\"five\":1}", "logit_bias",
        "'logit_bias' has the key 'five'; token ids are needed, whole numbers from 0.")]
    public async Task Ids_that_are_none_are_told_what_they_are(string field, string name, string sentence)
    {
        var (status, answer) = await server.PostAsync(Path, $"{{\"prompt\":\"Go\",{field}}}");

        Assert.Equal((400, name, sentence),
            (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["message"]));
    }

    [Fact]
    public async Task Ids_may_be_written_as_clients_write_numbers()
    {
        var (_, plain) = await server.PostAsync(Path, """{"prompt":[1005,227,23],"max_tokens":4}""");
        var (_, real) = await server.PostAsync(Path, """{"prompt":[1005.0,227,2.3e1],"max_tokens":4}""");

        Assert.Equal((string?)plain["choices"]![0]!["text"], (string?)real["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task The_best_of_several_are_shown_and_all_are_counted()
    {
        var (status, answer) = await server.PostAsync(Path, """
            {"prompt":"Once upon","max_tokens":5,"n":1,"best_of":4,"temperature":1.5,"seed":3,"ignore_eos":true}
            """);

        Assert.Equal(200, status);
        Assert.Single(answer["choices"]!.AsArray());
        Assert.Equal(20, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task The_same_seed_says_the_same_whoever_else_asks()
    {
        const string ask = """{"prompt":"Tell me","max_tokens":24,"temperature":1.3,"seed":42}""";
        var (_, alone) = await server.PostAsync(Path, ask);

        var together = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => server.PostAsync(
            Path, i == 3 ? ask : $$"""{"prompt":"Other {{i}}","max_tokens":40,"temperature":1,"seed":{{i}}}""")));

        Assert.Equal((string?)alone["choices"]![0]!["text"], (string?)together[3].Body["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task One_choice_that_stops_frees_its_place_while_others_go_on()
    {
        var (_, answer) = await server.PostAsync(Path, """
            {"prompt":"Once upon a time","max_tokens":60,"n":4,"temperature":1.2,"seed":1,"stop":[" a"]}
            """);

        Assert.Equal(4, answer["choices"]!.AsArray().Count);
        Assert.All(answer["choices"]!.AsArray(), choice =>
            Assert.DoesNotContain(" a", (string)choice!["text"]!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("regex", "\"[a-c]{3}\"", "^[a-c]{3}$")]
    [InlineData("guided_choice", "[\"left\",\"right\"]", "^(left|right)$")]
    [InlineData("grammar", "\"root ::= [0-9] [0-9]\"", "^[0-9]{2}$")]
    [InlineData("structured_outputs", "{\"regex\":\"x{2}y\"}", "^xxy$")]
    public async Task A_constraint_holds_the_text(string field, string value, string pattern)
    {
        var (status, answer) = await server.PostAsync(
            Path, $$"""{"prompt":"Go","max_tokens":40,"temperature":1,"seed":5,"{{field}}":{{value}}}""");

        Assert.Equal(200, status);
        Assert.Matches(pattern, (string)answer["choices"]![0]!["text"]!);
    }
}
