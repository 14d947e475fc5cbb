using System.Text.Json.Nodes;
using Minka.Server.Generating;
using Minka.Server.Responses;

namespace Minka.Server.Tests.Responses;

public sealed class ResponsesTests(TinyServer server)
{
    private const string Path = "/v1/responses";

    private const string Weather = """
        [{"type":"function","name":"get_weather","description":"Get the weather of a city",
        "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]
        """;

    [Fact]
    public async Task A_response_is_stored_shown_and_deleted()
    {
        var (status, answer) = await server.PostAsync(Path, """{"model":"minka-tiny","input":"What is 12 + 30?"}""");
        var id = (string)answer["id"]!;
        var shown = await server.Client.GetAsync($"{Path}/{id}", TestContext.Current.CancellationToken);
        var deleted = await server.Client.DeleteAsync($"{Path}/{id}", TestContext.Current.CancellationToken);
        var gone = await server.Client.GetAsync($"{Path}/{id}", TestContext.Current.CancellationToken);

        Assert.Equal(200, status);
        Assert.Equal("completed", (string?)answer["status"]);
        var item = Assert.Single(answer["output"]!.AsArray())!;
        Assert.Equal("message", (string?)item["type"]);
        Assert.Equal("12 + 30 = 42.", (string?)item["content"]![0]!["text"]);
        Assert.True(JsonNode.DeepEquals(
            answer, JsonNode.Parse(await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))));
        Assert.Equal([200, 200, 404], new[] { shown, deleted, gone }.Select(one => (int)one.StatusCode));
    }

    [Fact]
    public async Task A_stream_tells_each_step_in_order_and_ends_with_what_is_stored()
    {
        var events = (await EventsAsync(
            """{"model":"minka-tiny","input":"What is 12 + 30?","stream":true}""")).ToList();

        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(one => (int)one["sequence_number"]!));
        var types = events.Select(one => (string)one["type"]!).ToList();
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta",
            ],
            types.Take(5));
        Assert.Equal(
            [
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.completed",
            ],
            types.TakeLast(4));
        Assert.Equal(
            "12 + 30 = 42.",
            string.Concat(events.Where(one => (string)one["type"]! == "response.output_text.delta")
                .Select(one => (string?)one["delta"])));
        Assert.Equal("12 + 30 = 42.", (string?)events[^1]["response"]!["output"]![0]!["content"]![0]!["text"]);
        Assert.Empty(events[0]["response"]!["output"]!.AsArray());
    }

    [Fact]
    public async Task A_call_streams_its_arguments_and_its_result_is_answered_from()
    {
        var events = (await EventsAsync($$"""
            {"model":"minka-tiny","input":"What is the weather in Paris?","tools":{{Weather}},"stream":true}
            """)).ToList();
        var response = events[^1]["response"]!;
        var call = response["output"]![0]!;

        Assert.Equal("""{"city": "Paris"}""", (string?)call["arguments"]);
        Assert.Equal(
            """{"city": "Paris"}""",
            string.Concat(events.Where(one => (string)one["type"]! == "response.function_call_arguments.delta")
                .Select(one => (string?)one["delta"])));

        var (_, answer) = await server.PostAsync(Path, $$"""
            {"model":"minka-tiny","previous_response_id":"{{response["id"]}}","tools":{{Weather}},
            "input":[{"type":"function_call_output","call_id":"{{call["call_id"]}}",
            "output":"{\"temperature\": 21, \"sky\": \"sunny\"}"}]}
            """);

        Assert.Contains("21", (string?)answer["output"]![0]!["content"]![0]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_that_was_cut_is_incomplete()
    {
        var (_, answer) = await server.PostAsync(
            Path, """{"model":"minka-tiny","input":"What is 12 + 30?","max_output_tokens":2,"store":false}""");

        Assert.Equal("incomplete", (string?)answer["status"]);
        Assert.Equal("max_output_tokens", (string?)answer["incomplete_details"]!["reason"]);
        Assert.Equal("incomplete", (string?)answer["output"]![0]!["status"]);
        Assert.False((bool)answer["store"]!);
        var gone = await server.Client.GetAsync($"{Path}/{answer["id"]}", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)gone.StatusCode);
    }

    [Theory]
    [InlineData("""{"model":"minka-tiny"}""", 400)]
    [InlineData("""{"model":"minka-tiny","input":[]}""", 400)]
    [InlineData("""{"model":"minka-tiny","input":"a","background":true}""", 400)]
    [InlineData("""{"model":"minka-tiny","input":[{"type":"item_reference","id":"x"}]}""", 400)]
    [InlineData("""{"model":"minka-tiny","input":"a","tools":[{"type":"web_search"}]}""", 400)]
    [InlineData("""{"model":"minka-tiny","input":"a","previous_response_id":"resp_no"}""", 404)]
    public async Task What_cannot_be_done_is_refused(string request, int expected)
    {
        var (status, answer) = await server.PostAsync(Path, request);

        Assert.Equal(expected, status);
        Assert.NotNull(answer["error"]!["message"]);
    }

    [Fact]
    public void The_oldest_responses_go_when_there_is_no_more_room_and_others_do_not_see_them()
    {
        var store = new ResponseStore(countMax: 2);
        foreach (var id in new[] { "a", "b", "c" }) store.Add(new(id, "ann", [1], [new ChatTurn("user", "Hi")]));

        Assert.Throws<ApiFault>(() => store.Find("a", "ann"));
        Assert.Throws<ApiFault>(() => store.Find("b", "bob"));
        Assert.Equal("b", store.Find("b", "ann").Id);
        store.Delete("b", "ann");
        Assert.Throws<ApiFault>(() => store.Find("b", "ann"));
    }

    [Theory]
    [InlineData("""{"model":"minka-tiny","input":"What is 12 + 30?","stream":true}""")]
    [InlineData("""{"model":"minka-tiny","input":"What is 12 + 30?","max_output_tokens":2,"stream":true}""")]
    [InlineData($$"""
        {"model":"minka-tiny","input":"What is the weather in Paris?","tools":{{Weather}},"stream":true}
        """)]
    public async Task A_stored_response_is_told_again_as_it_was_made(string request)
    {
        var made = (await EventsAsync(request)).ToList();
        var place = $"{Path}/{made[^1]["response"]!["id"]}?stream=true";

        var again = await ReadEventsAsync(await GetAsync(place));
        var rest = await ReadEventsAsync(await GetAsync($"{place}&starting_after=2"));

        Assert.Equal(Joined(made), Joined(again));
        Assert.Equal(Enumerable.Range(0, again.Count), again.Select(one => (int)one["sequence_number"]!));
        Assert.Equal(again.Skip(3).Select(one => one.ToJsonString()), rest.Select(one => one.ToJsonString()));
    }

    [Fact]
    public async Task What_a_response_was_asked_with_is_listed_page_by_page_the_newest_first()
    {
        var (_, answer) = await server.PostAsync(Path, """
            {"model":"minka-tiny","max_output_tokens":4,"instructions":"Be kind.","input":[
            {"role":"user","content":"What is the weather in Rome?"},
            {"type":"function_call","call_id":"c1","name":"get_weather","arguments":"{\"city\":\"Rome\"}"},
            {"type":"function_call_output","call_id":"c1","output":"sunny"},
            {"role":"assistant","content":"Sunny."},{"role":"user","content":"Thanks"}]}
            """);
        var place = $"{Path}/{answer["id"]}/input_items";

        var all = await GetJsonAsync($"{place}?order=asc");
        var first = await GetJsonAsync($"{place}?limit=2");
        var rest = await GetJsonAsync($"{place}?after={first["last_id"]}");

        Assert.Equal(
            ["message", "function_call", "function_call_output", "message", "message"],
            all["data"]!.AsArray().Select(item => (string?)item!["type"]));
        Assert.Equal("What is the weather in Rome?", (string?)all["data"]![0]!["content"]![0]!["text"]);
        Assert.Equal("""{"city":"Rome"}""", (string?)all["data"]![1]!["arguments"]);
        Assert.Equal("sunny", (string?)all["data"]![2]!["output"]);
        Assert.Equal("output_text", (string?)all["data"]![3]!["content"]![0]!["type"]);
        Assert.Equal((false, true), ((bool)all["has_more"]!, (bool)first["has_more"]!));
        Assert.Equal(
            all["data"]!.AsArray().Reverse().Select(item => (string?)item!["id"]),
            first["data"]!.AsArray().Concat(rest["data"]!.AsArray()).Select(item => (string?)item!["id"]));
    }

    [Theory]
    [InlineData("/input_items?limit=0")]
    [InlineData("/input_items?limit=101")]
    [InlineData("/input_items?order=up")]
    [InlineData("/input_items?after=msg_no")]
    [InlineData("?stream=yes")]
    [InlineData("?stream=true&starting_after=x")]
    public async Task A_query_that_makes_no_sense_is_refused(string query)
    {
        var (_, answer) = await server.PostAsync(Path, """{"model":"minka-tiny","input":"a","max_output_tokens":1}""");

        using var refused = await GetAsync($"{Path}/{answer["id"]}{query}");
        using var unknown = await GetAsync($"{Path}/resp_no{query}");

        Assert.Equal((400, 404), ((int)refused.StatusCode, (int)unknown.StatusCode));
    }

    /// <summary>Events without their numbers, those of one text that follow each other as one.</summary>
    private static List<string> Joined(IEnumerable<JsonNode> events)
    {
        List<JsonNode> joined = [];
        foreach (var one in events.Select(one => one.DeepClone()))
        {
            one.AsObject().Remove("sequence_number");
            if (one["delta"] is { } delta && joined is [.., { } last] && last["delta"] is { } begun)
                last["delta"] = (string)begun! + (string)delta!;
            else joined.Add(one);
        }
        // In any order of fields.
        return [.. joined.Select(one => string.Join(',', one.AsObject().OrderBy(field => field.Key)
            .Select(field => $"{field.Key}:{field.Value?.ToJsonString()}")))];
    }

    private Task<HttpResponseMessage> GetAsync(string place) =>
        server.Client.GetAsync(new Uri(place, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<JsonNode> GetJsonAsync(string place)
    {
        using var response = await GetAsync(place);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    private async Task<IEnumerable<JsonNode>> EventsAsync(string json) =>
        await ReadEventsAsync(await server.SendAsync(Path, json));

    private static async Task<List<JsonNode>> ReadEventsAsync(HttpResponseMessage response)
    {
        using var read = response;
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(frame => frame.Split('\n'))
            .Select(lines =>
            {
                var data = JsonNode.Parse(lines[1]["data: ".Length..])!;
                Assert.Equal($"event: {data["type"]}", lines[0]);
                return data;
            })];
    }
}
