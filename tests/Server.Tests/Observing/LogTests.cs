using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Minka.Server.Observing;

namespace Minka.Server.Tests.Observing;

public sealed class LogTests
{
    [Fact]
    public async Task Each_request_is_one_line_of_json_that_says_nothing_of_its_text()
    {
        var lines = new ConcurrentQueue<string>();
        await using var server = new TinyServer(new ServerOptions { AccessLog = lines.Enqueue });
        await server.InitializeAsync();
        await server.Client.GetAsync("/health", TestContext.Current.CancellationToken);
        await server.PostAsync(
            "/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 12 + 30?"}]}""");
        await server.PostAsync("/v1/completions", """{"prompt":"secret words","temperature":-1}""");
        await server.Client.GetAsync("/none", TestContext.Current.CancellationToken);
        await server.SettleAsync();

        Assert.All(lines, line => Assert.DoesNotContain('\n', line));
        var logged = lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(["/v1/chat/completions 200", "/v1/completions 400", "none 404"],
            logged.Select(line => $"{line["route"]} {line["status"]}"));
        Assert.Equal("stop", (string?)logged[0]["finish"]);
        Assert.True((double)logged[0]["ttft_ms"]! <= (double)logged[0]["ms"]!);
        Assert.True((int)logged[0]["completion_tokens"]! > 0);
        Assert.Equal("invalid_value", (string?)logged[1]["error"]);
        Assert.DoesNotContain(lines, line => line.Contains("secret") || line.Contains("What is"));
    }

    [Fact]
    public void Every_ten_seconds_of_work_are_one_line_and_idleness_is_silent_after_one_more()
    {
        var lines = new List<string>();
        var log = new ThroughputLog(lines.Add);
        for (var second = 0; second < 10; second++)
            log.Add(new(Generated: second < 5 ? 30 : 10, Prompt: 100, Running: 2, Waiting: 1, KvUsage: .254, .5));
        for (var second = 0; second < 40; second++) log.Add(new(0, 0, 0, 0, 0, .5));

        Assert.Equal(
            [
                "100.0 tok/s in, 20.0 tok/s out, 2 running, 1 waiting, KV 25.4 %, prefix hits 50.0 %",
                "0.0 tok/s in, 0.0 tok/s out, 0 running, 0 waiting, KV 0.0 %, prefix hits 50.0 %",
            ],
            lines);
    }
}
