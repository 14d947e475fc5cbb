using System.Text.Json.Nodes;

namespace Minka.Server.Tests.OpenAi;

/// <summary>vLLM's <c>prompt_logprobs</c>.</summary>
public sealed class PromptLogprobsTests(TinyServer server)
{
    private const string Chat = "/v1/chat/completions", Text = "/v1/completions";

    [Fact]
    public async Task A_chat_tells_how_probable_its_prompt_was()
    {
        var (status, answer) = await server.PostAsync(Chat, """
            {"messages":[{"role":"user","content":"What is 12 + 30?"}],"max_tokens":1,"prompt_logprobs":2,
             "return_token_ids":true}
            """);

        Assert.Equal(200, status);
        var ids = answer["prompt_token_ids"]!.AsArray();
        var positions = answer["prompt_logprobs"]!.AsArray();
        Assert.Equal((int)answer["usage"]!["prompt_tokens"]!, ids.Count);
        Assert.Equal(ids.Count, positions.Count);
        Assert.Null(positions[0]);
        for (var i = 1; i < ids.Count; i++)
        {
            var here = positions[i]!.AsObject();
            Assert.InRange(here.Count, 2, 3);
            Assert.True((double)here[$"{ids[i]}"]!["logprob"]! <= 0);
            Assert.Equal([1, 2], here.Select(one => (int?)one.Value!["rank"]).OfType<int>().Order());
        }
    }

    [Fact]
    public async Task They_are_those_that_an_echo_shows()
    {
        var (_, asked) = await server.PostAsync(Text, """{"prompt":"Once upon a time","prompt_logprobs":0}""");
        var (_, echoed) = await server.PostAsync(
            Text, """{"prompt":"Once upon a time","echo":true,"logprobs":0,"max_tokens":0}""");

        var one = asked["choices"]![0]!["prompt_logprobs"]!.AsArray();
        var other = echoed["choices"]![0]!["logprobs"]!;
        Assert.Equal(
            other["token_logprobs"]!.AsArray().Skip(1).Select(value => (float)value!),
            one.Skip(1).Select(at => (float)at!.AsObject().Single().Value!["logprob"]!));
        Assert.Equal(
            other["tokens"]!.AsArray().Skip(1).Select(text => (string?)text),
            one.Skip(1).Select(at => (string?)at!.AsObject().Single().Value!["decoded_token"]));
        Assert.Null(asked["choices"]![0]!["logprobs"]);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"prompt_logprobs":1,"stream":true}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"prompt_logprobs":-1}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"prompt_logprobs":21}""")]
    public async Task What_cannot_be_told_is_refused(string body)
    {
        var (status, answer) = await server.PostAsync(Chat, body);

        Assert.Equal(400, status);
        Assert.Equal("prompt_logprobs", (string?)answer["error"]!["param"]);
        Assert.IsType<JsonObject>(answer["error"]);
    }
}
