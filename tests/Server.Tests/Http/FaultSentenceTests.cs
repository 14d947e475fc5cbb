using System.Net;
using System.Text.Json.Nodes;

namespace Minka.Server.Tests.Http;

/// <summary>What people who are new here get wrong first, and what they are told.</summary>
public sealed class FaultSentenceTests(TinyServer server)
{
    private const string Text = "/v1/completions", Chat = "/v1/chat/completions";

    [Theory]
    [InlineData(Text, "{hello", null,
        "The body is not valid JSON: 'h' is an invalid start of a property name, at line 1, byte 2.")]
    [InlineData(Text, "{\"prompt\":\n\"a\"} x", null,
        "The body is not valid JSON: 'x' is invalid after a single JSON value, at line 2, byte 6.")]
    [InlineData(Text, "{\"prompt\":\"a\",\"prompt\":\"b\"}", null,
        "The body is not valid JSON: the field 'prompt' comes twice.")]
    [InlineData(Text, "\uFEFF{\"prompt\":\"a\"}", null,
        "The body begins with a byte order mark; send JSON without it.")]
    [InlineData(Text, "{\"prompt\":\"a\",\"stop\":5}", "stop",
        "'stop' is a number; a string or a list of strings is needed.")]
    [InlineData(Text, "{\"prompt\":\"a\",\"guided_json\":\"x\"}", "guided_json",
        "The schema is no JSON: 'x' is an invalid start of a value, at line 1, byte 1.")]
    [InlineData(Text, "{\"prompt\":\"a\",\"grammar\":\"root ::= x\"}", "grammar",
        "The grammar uses rule 'x' but does not define it.")]
    [InlineData(Text, "{\"prompt\":\"a\",\"structured_outputs\":{\"form\":1}}", "structured_outputs",
        "'structured_outputs' says no form; json, json_object, regex, choice or grammar is needed.")]
    [InlineData(Chat, "{\"messages\":[{\"role\":\"king\",\"content\":\"a\"}]}", "messages[0].role",
        "'messages[0].role' is 'king'; system, developer, user, assistant or tool is needed.")]
    [InlineData(Chat, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
        "messages[0].content[0].type",
        "'messages[0].content[0].type' is 'image_url'; text is needed: this server reads no images, sounds or files.")]
    [InlineData(Chat, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"functions\":[{\"name\":\"f\"}]}",
        "functions", "'functions' is what 'tools' and 'tool_choice' were before; send those.")]
    [InlineData("/v1/responses", "{\"input\":3}", "input", "'input' is a number; a text or a list of items is needed.")]
    [InlineData("/v1/responses", "{\"input\":\"a\",\"tools\":[{\"type\":\"web_search\"}]}", "tools[0].type",
        "'tools[0].type' is 'web_search'; function is needed: this server runs no tools of its own.")]
    [InlineData("/v1/responses",
        "{\"input\":\"a\",\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"not\":{}}}}}", "text.format",
        "The schema's keyword #/not is not supported; leave it out.")]
    public async Task What_is_wrong_is_one_sentence_with_the_name_of_its_field(
        string path, string body, string? field, string sentence)
    {
        var (status, answer) = await server.PostAsync(path, body);

        Assert.Equal(
            (400, field, sentence), (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["message"]));
    }

    [Theory]
    [InlineData(Text, "prompt", ", and one must be left for an answer", "\"prompt\":\"TEXT\"")]
    [InlineData(Chat, "messages", ", and one must be left for an answer",
        "\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]")]
    [InlineData("/v1/responses", "input", ", and one must be left for an answer", "\"input\":\"TEXT\"")]
    [InlineData("/v1/embeddings", "input", "", "\"input\":\"TEXT\"")]
    public async Task What_is_too_long_is_called_as_the_client_called_it(
        string path, string field, string left, string body)
    {
        var words = string.Concat(Enumerable.Repeat("word ", 3000));

        var (status, answer) = await server.PostAsync(
            path, $"{{{body.Replace("TEXT", words, StringComparison.Ordinal)}}}");

        Assert.Equal((400, "context_length_exceeded", field),
            (status, (string?)answer["error"]!["code"], (string?)answer["error"]!["param"]));
        Assert.Matches(
            $@"^The prompt has 30[0-9]+ tokens; the context holds 1024{left}\. Shorten the prompt or raise --ctx\.$",
            (string?)answer["error"]!["message"]);
    }

    [Fact]
    public async Task A_schema_of_a_tool_that_is_not_supported_is_a_fault_of_the_tools()
    {
        var (status, answer) = await server.PostAsync(Chat, """
            {"messages":[{"role":"user","content":"Hi"}],"tool_choice":"required",
             "tools":[{"type":"function","function":{"name":"f","parameters":{"not":{}}}}]}
            """);

        Assert.Equal((400, "tools"), (status, (string?)answer["error"]!["param"]));
    }

    [Fact]
    public async Task Another_name_of_the_server_is_named()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Host = "evil.example";

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = JsonNode.Parse(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(
            "The Host header names 'evil.example'; this server answers to localhost and 127.0.0.1 only, unless it is "
            + "started with --host.", (string?)answer["error"]!["message"]);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/ready")]
    [InlineData("/v1/models")]
    [InlineData("/metrics")]
    [InlineData("/")]
    public async Task What_can_be_got_has_a_head(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
