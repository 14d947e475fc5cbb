using System.Text.Json.Nodes;

namespace Minka.Server.Tests.Tokenizing;

public sealed class TokenizeTests(TinyServer server)
{
    [Fact]
    public async Task Text_becomes_tokens_and_comes_back()
    {
        var (_, tokens) = await server.PostAsync("/tokenize", """{"prompt":"Hello 1","return_token_strs":true}""");
        var (_, text) = await server.PostAsync("/detokenize", $$"""{"tokens":{{tokens["tokens"]!.ToJsonString()}}}""");

        Assert.Equal("[1005,227,23]", tokens["tokens"]!.ToJsonString());
        Assert.Equal((3, 1024), ((int)tokens["count"]!, (int)tokens["max_model_len"]!));
        Assert.Equal("Hello", (string?)tokens["token_strs"]![0]);
        Assert.Equal("Hello 1", (string?)text["prompt"]);
    }

    [Fact]
    public async Task Content_selects_the_shape_of_llama_server()
    {
        var (_, tokens) = await server.PostAsync("/tokenize", """{"content":"Hello 1","with_pieces":true}""");

        Assert.Equal("""{"tokens":[{"id":1005,"piece":"Hello"},{"id":227,"piece":" "},{"id":23,"piece":"1"}]}""",
            tokens.ToJsonString());
    }

    [Fact]
    public async Task A_template_is_applied_as_the_model_will_read_it()
    {
        const string messages = """{"messages":[{"role":"user","content":"Hi"}]}""";
        var (_, text) = await server.PostAsync("/apply-template", messages);
        var (_, tokens) = await server.PostAsync("/tokenize", messages);

        var prompt = (string)text["prompt"]!;
        Assert.Contains("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", prompt, StringComparison.Ordinal);
        var body = new JsonObject { ["prompt"] = prompt, ["add_special_tokens"] = false };
        var (_, same) = await server.PostAsync("/tokenize", body.ToJsonString());
        Assert.Equal(tokens["tokens"]!.ToJsonString(), same["tokens"]!.ToJsonString());
    }

    [Theory]
    [InlineData("/tokenize", "{}", "prompt")]
    [InlineData("/detokenize", "{}", "tokens")]
    [InlineData("/detokenize", """{"tokens":[99999]}""", "tokens")]
    [InlineData("/detokenize", """{"tokens":[-1]}""", "tokens")]
    [InlineData("/apply-template", "{}", "messages")]
    public async Task What_is_missing_is_named(string path, string json, string parameter)
    {
        var (status, body) = await server.PostAsync(path, json);

        Assert.Equal((400, parameter), (status, (string?)body["error"]!["param"]));
    }
}
