using System.Text.Json.Nodes;

namespace Minka.Server.Tests.Ollama;

public sealed class OllamaTests(TinyServer server)
{
    private const string Weather = """
        [{"type":"function","function":{"name":"get_weather","description":"Get the weather of a city",
        "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]
        """;

    private const string Sum =
        """{"model":"minka-tiny:latest","messages":[{"role":"user","content":"What is 12 + 30?"}]""";

    [Fact]
    public async Task A_chat_is_lines_by_default_and_its_last_line_says_what_it_took()
    {
        var lines = await LinesAsync("/api/chat", Sum + "}");

        Assert.Equal("12 + 30 = 42.", string.Concat(lines.Select(line => (string?)line["message"]!["content"])));
        Assert.All(lines.SkipLast(1), line => Assert.False((bool)line["done"]!));
        Assert.All(lines, line => Assert.Equal("assistant", (string?)line["message"]!["role"]));
        var last = lines[^1];
        Assert.True((bool)last["done"]!);
        Assert.Equal("stop", (string?)last["done_reason"]);
        Assert.True((int)last["eval_count"]! > 3);
        Assert.True((long)last["total_duration"]! >= (long)last["eval_duration"]!);
    }

    [Fact]
    public async Task A_prompt_is_answered_in_one_object_when_that_is_asked_for()
    {
        var (status, answer) = await server.PostAsync("/api/generate",
            """{"model":"minka-tiny","prompt":"What is 12 + 30?","stream":false,"options":{"num_predict":3}}""");

        Assert.Equal(200, status);
        Assert.StartsWith((string)answer["response"]!, "12 + 30 = 42.", StringComparison.Ordinal);
        Assert.Equal("length", (string?)answer["done_reason"]);
        Assert.Equal(3, (int)answer["eval_count"]!);
    }

    [Fact]
    public async Task A_call_comes_whole_and_its_arguments_are_an_object()
    {
        var request = $$"""
            {"model":"minka-tiny","messages":[{"role":"user","content":"What is the weather in Paris?"}],
            "tools":{{Weather}}}
            """;

        var lines = await LinesAsync("/api/chat", request);

        var calls = lines.Single(line => line["message"]!["tool_calls"] is not null)["message"]!["tool_calls"]!;
        Assert.Equal(
            """[{"function":{"name":"get_weather","arguments":{"city":"Paris"}}}]""", calls.ToJsonString());
    }

    [Fact]
    public async Task A_result_of_a_tool_is_answered_from()
    {
        var request = $$"""
            {"model":"minka-tiny","stream":false,"tools":{{Weather}},"messages":[
            {"role":"user","content":"What is the weather in Rome?"},
            {"role":"assistant","content":"","tool_calls":[
            {"function":{"name":"get_weather","arguments":{"city":"Rome"} } }]},
            {"role":"tool","tool_name":"get_weather","content":"{\"temperature\": 21, \"sky\": \"sunny\"}"}]}
            """;

        var (_, answer) = await server.PostAsync("/api/chat", request);

        Assert.Contains("21", (string?)answer["message"]!["content"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_holds_the_answer_to_its_form()
    {
        var (_, answer) = await server.PostAsync("/api/chat", Sum + """
            ,"stream":false,"format":{"type":"object","properties":{"sum":{"type":"integer"}},"required":["sum"]}}
            """);

        var sum = JsonNode.Parse((string)answer["message"]!["content"]!)!["sum"];
        Assert.Equal(System.Text.Json.JsonValueKind.Number, sum!.GetValueKind());
    }

    [Fact]
    public async Task Models_are_listed_and_described()
    {
        var tags = JsonNode.Parse(await server.Client.GetStringAsync(
            "/api/tags", TestContext.Current.CancellationToken))!["models"]!.AsArray();
        var (_, shown) = await server.PostAsync("/api/show", """{"model":"minka-tiny"}""");

        var model = Assert.Single(tags)!;
        Assert.Equal("minka-tiny", (string?)model["name"]);
        Assert.Matches("^[0-9a-f]{64}$", (string?)model["digest"]);
        Assert.Equal("4.46M", (string?)model["details"]!["parameter_size"]);
        Assert.Equal("Q8_0", (string?)model["details"]!["quantization_level"]);
        Assert.Equal("llama", (string?)shown["model_info"]!["general.architecture"]);
        Assert.Contains("tools", shown["capabilities"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public async Task Texts_become_vectors_of_length_one()
    {
        var (status, answer) = await server.PostAsync(
            "/api/embed", """{"model":"minka-tiny","input":["Paris","Rome"],"dimensions":64}""");

        Assert.Equal(200, status);
        var vectors = answer["embeddings"]!.AsArray();
        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, vector => Assert.Equal(64, vector!.AsArray().Count));
        Assert.All(vectors, vector => Assert.Equal(
            1, Math.Sqrt(vector!.AsArray().Sum(value => (double)value! * (double)value!)), 1e-4));
    }

    [Fact]
    public async Task A_request_without_a_prompt_loads_the_model()
    {
        var (status, answer) = await server.PostAsync("/api/generate", """{"model":"minka-tiny"}""");

        Assert.Equal(200, status);
        Assert.Equal("load", (string?)answer["done_reason"]);
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"other","messages":[]}""", 404)]
    [InlineData("/api/chat", """{"messages":[]}""", 400)]
    [InlineData("/api/chat", """{"model":"minka-tiny","messages":[{"role":"king","content":""}]}""", 400)]
    [InlineData("/api/chat", """{"model":"minka-tiny","messages":[{"role":"user","images":["x"]}]}""", 400)]
    [InlineData("/api/generate", """{"model":"minka-tiny","prompt":"a","options":{"temperature":-1}}""", 400)]
    [InlineData("/api/generate", """{"model":"minka-tiny","prompt":"a","context":[1,2]}""", 400)]
    [InlineData("/api/generate", """{"model":"minka-tiny","prompt":"a","format":"xml"}""", 400)]
    [InlineData("/api/show", "[]", 400)]
    public async Task Errors_are_one_sentence(string path, string request, int expected)
    {
        var (status, answer) = await server.PostAsync(path, request);

        Assert.Equal(expected, status);
        Assert.NotEqual("", (string?)answer["error"]);
        Assert.Single(answer.AsObject());
    }

    [Fact]
    public async Task Older_clients_ask_for_one_vector()
    {
        var (status, answer) = await server.PostAsync("/api/embeddings", """{"model":"minka-tiny","prompt":"Paris"}""");
        var (_, other) = await server.PostAsync("/api/embed", """{"model":"minka-tiny","input":"Paris"}""");

        Assert.Equal(200, status);
        var vector = answer["embedding"]!.AsArray().Select(value => (double)value!).ToList();
        var unit = other["embeddings"]![0]!.AsArray().Select(value => (double)value!);
        var length = Math.Sqrt(vector.Sum(value => value * value));
        Assert.All(vector.Zip(unit), pair => Assert.Equal(pair.Second, pair.First / length, 1e-4));
    }

    [Fact]
    public async Task A_body_is_JSON_whatever_curl_calls_it()
    {
        using var form = new StringContent(
            """{"model":"minka-tiny"}""", System.Text.Encoding.UTF8, "application/x-www-form-urlencoded");
        using var response = await server.Client.PostAsync(
            "/api/show", form, TestContext.Current.CancellationToken);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_one_sentence()
    {
        var (status, answer) = await server.PostAsync("/api/pull", """{"model":"x"}""");

        Assert.Equal(404, status);
        Assert.Contains("no such route", (string)answer["error"]!, StringComparison.Ordinal);
    }

    private async Task<List<JsonNode>> LinesAsync(string path, string json)
    {
        using var response = await server.SendAsync(path, json);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.ToString());
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
