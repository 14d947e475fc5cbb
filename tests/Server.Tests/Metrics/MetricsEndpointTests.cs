namespace Minka.Server.Tests.Metrics;

public sealed class MetricsEndpointTests
{
    private const string Ask = """{"messages":[{"role":"user","content":"What is 12 + 30?"}]""";

    [Fact]
    public async Task An_answered_request_is_in_every_family_that_counts_requests()
    {
        await using var server = new TinyServer(new ServerOptions { Version = "1.2.3" });
        await server.InitializeAsync();
        var (_, answer) = await server.PostAsync("/v1/chat/completions", Ask + "}");
        await server.StreamAsync("/v1/chat/completions", Ask + ",\"stream\":true,\"max_tokens\":3,\"n\":2}");
        await server.PostAsync("/v1/completions", """{"prompt":"x","temperature":-1}""");

        var families = await ReadAsync(server);

        var prompt = (double)answer["usage"]!["prompt_tokens"]!;
        Assert.Equal(2 * prompt, Sum(families, "vllm:prompt_tokens_total"));
        Assert.Equal(2 * prompt, Sum(families, "minka_request_prompt_tokens", "_sum"));
        Assert.Equal(2, Sum(families, "vllm:time_to_first_token_seconds", "_count"));
        Assert.Equal(2, Sum(families, "vllm:e2e_request_latency_seconds", "_count"));
        Assert.Equal(1, Sum(families, "minka_first_byte_seconds", "_count"));
        // One gap between two tokens of one choice: the first answer's, and two of each of the two choices.
        var gaps = (double)answer["usage"]!["completion_tokens"]! - 1 + 4;
        Assert.Equal(gaps, Sum(families, "vllm:inter_token_latency_seconds", "_count"));
        Assert.Equal(2, Sum(families, "vllm:request_params_n", "_count"));
        Assert.Equal(["length 1", "stop 1"], families["vllm:request_success_total"].Samples
            .Where(s => s.Value > 0).Select(s => $"{s.Labels["finished_reason"]} {s.Value}").Order());
        Assert.Equal(
            ["/v1/chat/completions 200 length 1", "/v1/chat/completions 200 stop 1", "/v1/completions 400  1"],
            families["minka_requests_total"].Samples.Select(s =>
                $"{s.Labels["route"]} {s.Labels["status"]} {s.Labels["finish_reason"]} {s.Value}").Order());
        Assert.Equal("1.2.3", families["minka_build_info"].Samples[0].Labels["version"]);
    }

    [Fact]
    public async Task The_first_token_is_made_before_its_first_byte_is_sent_and_both_before_the_end()
    {
        await using var server = new TinyServer(new ServerOptions());
        await server.InitializeAsync();
        await server.StreamAsync("/v1/chat/completions", Ask + ",\"stream\":true}");

        var families = await ReadAsync(server);

        var queue = Sum(families, "minka_request_queue_seconds", "_sum");
        var made = Sum(families, "minka_ttft_seconds", "_sum");
        var sent = Sum(families, "minka_first_byte_seconds", "_sum");
        Assert.InRange(queue, 0, made);
        Assert.InRange(made, 1e-6, sent);
        Assert.InRange(Sum(families, "minka_e2e_seconds", "_sum"), made, 600);
    }

    [Fact]
    public async Task A_label_from_a_path_that_was_asked_for_is_never_written()
    {
        await using var server = new TinyServer(new ServerOptions());
        await server.InitializeAsync();
        await server.Client.GetAsync("/no/such\"}path", TestContext.Current.CancellationToken);
        await server.Client.GetAsync("/v1/models/evil%22%7D", TestContext.Current.CancellationToken);

        var families = await ReadAsync(server);

        Assert.Equal(["/v1/models/{**id}", "none"],
            families["minka_requests_total"].Samples.Select(s => s.Labels["route"]).Order());
    }

    private static double Sum(Dictionary<string, Family> families, string name, string suffix = "") =>
        families[name].Samples.Where(s => s.Name == name + suffix).Sum(s => s.Value);

    private static async Task<Dictionary<string, Family>> ReadAsync(TinyServer server)
    {
        // A client has its answer a moment before the server has counted it.
        await server.SettleAsync();
        using var response = await server.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        return PrometheusReader.Read(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
