using System.Text.Json.Nodes;

namespace Minka.Server.Tests.Anthropic;

public sealed class MessagesTests(TinyServer server)
{
    private const string Path = "/v1/messages";

    private const string Weather = """
        [{"name":"get_weather","description":"Get the weather of a city",
        "input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]
        """;

    private static readonly string Question = $$"""
        {"model":"minka-tiny","max_tokens":60,"tools":{{Weather}},
        "messages":[{"role":"user","content":[{"type":"text","text":"What is the weather in Paris?"}]}]
        """;

    [Fact]
    public async Task A_message_is_answered_in_blocks()
    {
        var (status, answer) = await server.PostAsync(Path, """
            {"model":"minka-tiny","max_tokens":50,"messages":[{"role":"user","content":"What is 12 + 30?"}]}
            """);

        Assert.Equal(200, status);
        Assert.StartsWith("msg_", (string?)answer["id"], StringComparison.Ordinal);
        Assert.Equal("""[{"type":"text","text":"12 + 30 = 42."}]""", Plain(answer["content"]!));
        Assert.Equal("end_turn", (string?)answer["stop_reason"]);
        Assert.Null(answer["stop_sequence"]);
        Assert.True((int)answer["usage"]!["output_tokens"]! > 3);
    }

    [Fact]
    public async Task A_call_is_a_block_whose_input_is_an_object()
    {
        var (_, answer) = await server.PostAsync(Path, Question + "}");

        var block = Assert.Single(answer["content"]!.AsArray())!;
        Assert.Equal("tool_use", (string?)block["type"]);
        Assert.Equal("""{"city":"Paris"}""", block["input"]!.ToJsonString());
        Assert.Equal("tool_use", (string?)answer["stop_reason"]);
    }

    [Fact]
    public async Task A_stream_begins_adds_to_and_ends_each_block()
    {
        using var response = await server.SendAsync(Path, Question + ",\"stream\":true}");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(frame => frame.Split('\n')).ToList();
        var data = events.Select(lines => JsonNode.Parse(lines[1]["data: ".Length..])!).ToList();

        Assert.All(events.Zip(data), pair => Assert.Equal($"event: {pair.Second["type"]}", pair.First[0]));
        var types = data.Select(one => (string)one["type"]!).ToList();
        Assert.Equal(["message_start", "content_block_start"], types.Take(2));
        Assert.Equal(["content_block_stop", "message_delta", "message_stop"], types.TakeLast(3));
        Assert.All(types.Skip(2).SkipLast(3), type => Assert.Equal("content_block_delta", type));
        Assert.Equal("{}", data[1]["content_block"]!["input"]!.ToJsonString());
        Assert.Equal(
            """{"city": "Paris"}""",
            string.Concat(data.Select(one => (string?)one["delta"]?["partial_json"])));
        Assert.Equal("tool_use", (string?)data[^2]["delta"]!["stop_reason"]);
    }

    [Fact]
    public async Task Results_of_tools_are_turns_of_their_own()
    {
        var (status, answer) = await server.PostAsync(Path, $$"""
            {"model":"minka-tiny","max_tokens":60,"tools":{{Weather}},"messages":[
            {"role":"user","content":"What is the weather in Rome?"},
            {"role":"assistant","content":[
            {"type":"tool_use","id":"t1","name":"get_weather","input":{"city":"Rome"} }]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1",
            "content":[{"type":"text","text":"{\"temperature\": 21, \"sky\": \"sunny\"}"}]}]}]}
            """);

        Assert.Equal(200, status);
        Assert.Contains("21", (string?)answer["content"]![0]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_sequence_is_named_and_a_cut_answer_says_so()
    {
        const string Ask = """{"model":"minka-tiny","messages":[{"role":"user","content":"What is 12 + 30?"}]""";

        var (_, stopped) = await server.PostAsync(Path, Ask + ",\"max_tokens\":50,\"stop_sequences\":[\" =\"]}");
        var (_, cut) = await server.PostAsync(Path, Ask + ",\"max_tokens\":2}");

        Assert.Equal("stop_sequence", (string?)stopped["stop_reason"]);
        Assert.Equal(" =", (string?)stopped["stop_sequence"]);
        Assert.Equal("12 + 30", (string?)stopped["content"]![0]!["text"]);
        Assert.Equal("max_tokens", (string?)cut["stop_reason"]);
        Assert.Equal(2, (int)cut["usage"]!["output_tokens"]!);
    }

    [Fact]
    public async Task Tokens_are_counted_without_an_answer()
    {
        var (_, counted) = await server.PostAsync(Path + "/count_tokens", Question + "}");
        var (_, answered) = await server.PostAsync(Path, Question + "}");

        var usage = answered["usage"]!;
        Assert.Equal(
            (int)usage["input_tokens"]! + (int)usage["cache_read_input_tokens"]!, (int)counted["input_tokens"]!);
    }

    [Theory]
    [InlineData("""{"model":"minka-tiny","messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error")]
    [InlineData("""{"model":"no","max_tokens":5,"messages":[{"role":"user","content":"a"}]}""", 404, "not_found_error")]
    [InlineData("""{"model":"minka-tiny","max_tokens":5,"messages":[]}""", 400, "invalid_request_error")]
    [InlineData("""
        {"model":"minka-tiny","max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}
        """, 400, "invalid_request_error")]
    [InlineData("""
        {"model":"minka-tiny","max_tokens":5,"tool_choice":{"type":"tool","name":"x"},
        "messages":[{"role":"user","content":"a"}]}
        """, 400, "invalid_request_error")]
    public async Task Errors_have_their_envelope(string request, int expected, string type)
    {
        var (status, answer) = await server.PostAsync(Path, request);

        Assert.Equal(expected, status);
        Assert.Equal("error", (string?)answer["type"]);
        Assert.Equal(type, (string?)answer["error"]!["type"]);
        Assert.NotEqual("", (string?)answer["request_id"]);
    }

    private static string Plain(JsonNode node) => node.ToJsonString(
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
