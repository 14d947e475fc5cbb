using System.Buffers;
using System.Text;
using Minka.Engine;
using Minka.Server.Metrics;

namespace Minka.Server.Tests.Metrics;

public sealed class ServingMetricsTests
{
    // As vLLM 0.2x-0.32 exposes them; dashboards, scalers and endpoint pickers read these names.
    private static readonly string[] _vllm =
    [
        "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:num_requests_waiting_by_reason",
        "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "vllm:prefix_cache_queries_total",
        "vllm:prefix_cache_hits_total", "vllm:num_preemptions_total", "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total", "vllm:request_success_total", "vllm:cache_config_info",
        "vllm:request_prompt_tokens", "vllm:request_generation_tokens", "vllm:request_params_max_tokens",
        "vllm:request_max_num_generation_tokens", "vllm:request_params_n", "vllm:time_to_first_token_seconds",
        "vllm:inter_token_latency_seconds", "vllm:request_time_per_output_token_seconds",
        "vllm:time_per_output_token_seconds", "vllm:e2e_request_latency_seconds", "vllm:request_queue_time_seconds",
        "vllm:request_inference_time_seconds", "vllm:request_prefill_time_seconds", "vllm:request_decode_time_seconds",
        "vllm:spec_decode_num_draft_tokens_total", "vllm:spec_decode_num_accepted_tokens_total",
        "vllm:spec_decode_num_drafts_total", "vllm:spec_decode_num_accepted_tokens_per_pos_total",
        "vllm:iteration_tokens_total",
    ];

    private readonly MetricRegistry _registry = new();

    [Fact]
    public void Every_name_that_dashboards_for_vllm_read_is_there_with_its_labels()
    {
        _ = new ProcessMetrics(_registry, "0.1.0+876469dc");
        var serving = new ServingMetrics(_registry);
        using var engine = serving.Follow("tiny", () => new() { TotalBlocks = 100, AcceptedByPosition = [0] });

        var families = Read();

        foreach (var name in _vllm)
        {
            Assert.True(families.ContainsKey(name), name);
            Assert.All(families[name].Samples, sample =>
                Assert.Equal(("tiny", "0"), (sample.Labels["model_name"], sample.Labels["engine"])));
        }
        Assert.True(families["process_resident_memory_bytes"].Samples[0].Value > 10e6);
        Assert.Equal("876469dc", families["minka_build_info"].Samples[0].Labels["commit"]);
    }

    [Fact]
    public void Vllms_names_have_vllms_buckets()
    {
        new ServingMetrics(_registry).ForModel("m").InterToken.Observe(.003);

        var families = Read();

        Assert.Equal(
            "0.01 0.025 0.05 0.075 0.1 0.15 0.2 0.3 0.4 0.5 0.75 1 2.5 5 7.5 10 20 40 80 +Inf",
            Bounds("vllm:inter_token_latency_seconds"));
        Assert.Equal(
            "0.3 0.5 0.8 1 1.5 2 2.5 5 10 15 20 30 40 50 60 120 240 480 960 1920 7680 +Inf",
            Bounds("vllm:e2e_request_latency_seconds"));
        Assert.Equal("1 2 5 10 20 +Inf", Bounds("vllm:request_params_n"));
        Assert.StartsWith("1 2 5 10 20 50 100", Bounds("vllm:request_prompt_tokens"), StringComparison.Ordinal);
        Assert.StartsWith("0.00005 0.0001", Bounds("minka_itl_seconds").Replace("5E-05", "0.00005"),
            StringComparison.Ordinal);

        string Bounds(string name) =>
            string.Join(' ', families[name].Samples.Where(s => s.Name.EndsWith("_bucket")).Select(s => s.Labels["le"]));
    }

    [Fact]
    public void An_engine_that_begins_again_adds_to_what_the_first_counted()
    {
        var serving = new ServingMetrics(_registry);
        var first = new EngineSnapshot { TotalBlocks = 10 };
        using (serving.Follow("m", () => first)) first = first with { GeneratedTokens = 3, ComputedTokens = 5 };
        var second = new EngineSnapshot { TotalBlocks = 10 };
        using var again = serving.Follow("m", () => second);
        second = second with { GeneratedTokens = 2, ComputedTokens = 7, Waiting = 4, UsedBlocks = 5 };

        var families = Read();

        Assert.Equal(5, families["minka_generation_tokens_total"].Samples[0].Value);
        Assert.Equal(12, families["minka_step_tokens_total"].Samples[0].Value);
        Assert.Equal(4, families["vllm:num_requests_waiting"].Samples[0].Value);
        Assert.Equal(.5, families["vllm:kv_cache_usage_perc"].Samples[0].Value);
    }

    [Fact]
    public void Steps_are_counted_by_size_and_right_guesses_by_place()
    {
        var serving = new ServingMetrics(_registry);
        var first = new EngineSnapshot { StepSizes = [3, 1], ComputedTokens = 10, AcceptedByPosition = [2] };
        serving.Follow("m", () => first).Dispose();
        var second = new EngineSnapshot
        {
            StepSizes = [1, 0, 2], ComputedTokens = 30, Drafts = 4, AcceptedByPosition = [3, 1],
        };
        using var again = serving.Follow("m", () => second);

        var families = Read();

        Assert.Equal(["0: 5", "1: 1"], Samples("vllm:spec_decode_num_accepted_tokens_per_pos_total")
            .Select(sample => $"{sample.Labels["position"]}: {sample.Value}"));
        Assert.Equal(4, Samples("vllm:spec_decode_num_drafts_total")[0].Value);
        var buckets = Samples("vllm:iteration_tokens_total").Where(sample => sample.Name.EndsWith("_bucket"));
        Assert.Equal("1:4 8:5 16:7 32:7", string.Join(' ', buckets.Take(4).Select(
            sample => $"{sample.Labels["le"]}:{sample.Value}")));
        Assert.Equal(40, Samples("vllm:iteration_tokens_total").Single(
            sample => sample.Name.EndsWith("_sum", StringComparison.Ordinal)).Value);

        List<Sample> Samples(string name) => [.. families[name].Samples];
    }

    [Fact]
    public void Requests_are_counted_by_route_status_and_reason()
    {
        var serving = new ServingMetrics(_registry);
        serving.Answered("/v1/completions", 200, "stop");
        serving.Answered("/v1/completions", 200, "stop");
        serving.Answered("/v1/completions", 429, "");

        var samples = Read()["minka_requests_total"].Samples;

        Assert.Equal(["200 stop 2", "429  1"],
            samples.Select(s => $"{s.Labels["status"]} {s.Labels["finish_reason"]} {s.Value}"));
    }

    private Dictionary<string, Family> Read()
    {
        var text = new ArrayBufferWriter<byte>();
        _registry.Write(text);
        return PrometheusReader.Read(Encoding.UTF8.GetString(text.WrittenSpan));
    }
}
