using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Minka.Cli.Tests.Machines;

/// <summary>A server on two machines answers every kind of request as one on this machine does.</summary>
public sealed class ServedClusterTests : IAsyncLifetime
{
    private const string Ask = """{"role":"user","content":"What is 12 + 30?"}""";

    // Path and body, in which ASK is the question; what differs between any two answers is left out of the comparison.
    private static readonly (string Path, string Body)[] _requests =
    [
        ("/v1/chat/completions", """{"messages":[ASK]}"""),
        ("/v1/chat/completions", """{"messages":[ASK],"logprobs":true,"top_logprobs":5}"""),
        ("/v1/chat/completions",
            """{"messages":[ASK],"n":3,"temperature":0.7,"seed":7,"max_tokens":8}"""),
        ("/v1/chat/completions",
            """{"messages":[ASK],"frequency_penalty":0.5,"logit_bias":{"20":3},"max_tokens":12}"""),
        ("/v1/chat/completions", """
            {"messages":[ASK],"response_format":{"type":"json_schema","json_schema":{"name":"sum","schema":
             {"type":"object","properties":{"sum":{"type":"integer"}},"required":["sum"],
              "additionalProperties":false}}}}
            """),
        ("/v1/chat/completions", """{"messages":[ASK],"regex":"(yes|no), [0-9]{2}\\."}"""),
        ("/v1/chat/completions", """
            {"messages":[ASK],"tool_choice":"required","max_tokens":60,"tools":[{"type":"function","function":
             {"name":"add","parameters":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},
              "required":["a","b"],"additionalProperties":false}}}]}
            """),
        ("/v1/chat/completions",
            """{"messages":[ASK],"stream":true,"stream_options":{"include_usage":true}}"""),
        ("/v1/completions", """{"prompt":"The capital of France is","echo":true,"logprobs":3,"max_tokens":6}"""),
        ("/v1/completions", """{"prompt":["One, two,","A, b, c,"],"prompt_logprobs":2,"max_tokens":4}"""),
        ("/v1/embeddings", """{"input":["12 + 30","A river."]}"""),
        ("/v1/embeddings", """{"input":"A long way from here.","pooling":"last","dimensions":16}"""),
        ("/v1/messages", """{"model":"minka-tiny","max_tokens":40,"messages":[ASK]}"""),
        ("/v1/responses", """{"model":"minka-tiny","input":"What is 12 + 30?","store":false}"""),
        ("/api/chat", """{"model":"minka-tiny","messages":[ASK],"stream":false}"""),
        ("/api/embed", """{"model":"minka-tiny","input":"12 + 30"}"""),
    ];

    private static readonly string[] _passing =
    [
        "id", "created", "created_at", "completed_at", "system_fingerprint", "timings", "total_duration",
        "load_duration", "prompt_eval_duration", "eval_duration",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;
    private readonly List<MinkaProcess> _workers = [];
    private string _addresses = "";

    public async ValueTask InitializeAsync()
    {
        var workers = await Task.WhenAll(Enumerable.Range(0, 2).Select(
            i => MinkaProcess.WorkerAsync(Path.Combine(_folder, $"{i}"))));
        _workers.AddRange(workers.Select(one => one.Worker));
        _addresses = string.Join(',', workers.Select(one => one.Address));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory, InlineData("--tp"), InlineData("--pp")]
    public async Task Every_kind_of_request_is_answered_as_on_one_machine(string cut)
    {
        // In f32 two ranks differ from one by rounding alone, so that even the fifth most probable token is the same.
        string[] common = ["minka-tiny", "--compute", "f32", "--ctx", "512", "--spec", "ngram", "-t", "1"];
        var (alone, client) = await MinkaProcess.ServeAsync(common);
        await using var _ = alone;
        using var one = client;
        var (server, other) = await MinkaProcess.ServeAsync([.. common, "--workers", _addresses, cut, "2"]);
        await using var __ = server;
        using var many = other;

        foreach (var (path, template) in _requests)
        {
            var body = template.Replace("ASK", Ask, StringComparison.Ordinal);
            var expected = await AskAsync(one, path, body);
            var actual = await AskAsync(many, path, body);

            Assert.True(expected.Status == 200, $"{path} {body}: {expected.Status} {expected.Parts[0]}");
            Assert.Equal(expected.Status, actual.Status);
            Assert.Equal(expected.Parts.Count, actual.Parts.Count);
            foreach (var (a, b) in expected.Parts.Zip(actual.Parts)) AssertAlike(a, b, $"{path} {body}");
        }
        await ShowsRanksAndLinksAsync(many, cut);
        Assert.Null((await LiveAsync(one))["cluster"]);
        Assert.Equal(0, await server.EndAsync("TERM"));
    }

    private async Task ShowsRanksAndLinksAsync(HttpClient client, string cut)
    {
        // The page waits a second for the ranks, no longer: on a slow machine it shows them a little later.
        using var limit = ChildProcess.Limited();
        JsonNode cluster;
        while ((cluster = (await LiveAsync(client))["cluster"]!)["ranks"]!.AsArray().Any(
            rank => (string?)rank!["state"] != "running"))
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        var ranks = cluster["ranks"]!.AsArray();
        Assert.Equal(_addresses.Split(','), ranks.Select(rank => (string?)rank!["address"]));
        Assert.Equal(["running", "running"], ranks.Select(rank => (string?)rank!["state"]));
        Assert.Equal(cut == "--tp" ? [(0, 5), (0, 5)] : [(0, 3), (3, 5)],
            ranks.Select(rank => ((int)rank!["layerFirst"]!, (int)rank["layerEnd"]!)));
        Assert.All(ranks, rank => Assert.InRange((long)rank!["weights"]!, 1 << 20, (long)rank["memory"]!));
        var links = cluster["links"]!.AsArray();
        Assert.Equal(
            [(0, (int?)1), (0, null), (1, null)], links.Select(link => ((int)link!["from"]!, (int?)link["to"])));
        Assert.True((double)links[0]!["waitP99"]! >= (double)links[0]!["waitP50"]!);
        Assert.True((double)links[0]!["waitP99"]! > 0);
    }

    private static async Task<JsonNode> LiveAsync(HttpClient client) => JsonNode.Parse(
        await client.GetStringAsync("/live.json", TestContext.Current.CancellationToken))!;

    private static async Task<(int Status, List<JsonNode> Parts)> AskAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        string[] parts = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? [.. text.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
                .Select(line => line["data: ".Length..])]
            : [text];
        return ((int)response.StatusCode, [.. parts.Select(part => JsonNode.Parse(part)!)]);
    }

    private static void AssertAlike(JsonNode? expected, JsonNode? actual, string where)
    {
        switch (expected)
        {
            case JsonObject record:
                var names = record.Select(one => one.Key);
                Assert.Equal(names, actual!.AsObject().Select(one => one.Key));
                foreach (var name in names.Except(_passing))
                    AssertAlike(record[name], actual[name], $"{where} {name}");
                break;
            case JsonArray list:
                Assert.Equal(list.Count, actual!.AsArray().Count);
                for (var i = 0; i < list.Count; i++) AssertAlike(list[i], actual[i], $"{where} {i}");
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                var (a, b) = ((double)value, (double)actual!);
                Assert.True(Math.Abs(a - b) <= 1e-3 * Math.Max(1, Math.Abs(a)), $"{where}: {a} and {b}");
                break;
            default:
                Assert.True(expected?.ToJsonString() == actual?.ToJsonString(),
                    $"{where}: {expected?.ToJsonString()} and {actual?.ToJsonString()}");
                break;
        }
    }
}
