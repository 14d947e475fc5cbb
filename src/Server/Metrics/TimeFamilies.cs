namespace Minka.Server.Metrics;

/// <summary>Durations of requests, in seconds.</summary>
internal sealed class TimeFamilies(MetricRegistry registry, string[] labels)
{
    public MetricFamily<Histogram> Queue { get; } = Whole(registry, labels,
        "minka_request_queue_seconds vllm:request_queue_time_seconds", "Queued until first scheduled.");

    public MetricFamily<Histogram> FirstToken { get; } = registry.Histogram(
        "minka_ttft_seconds vllm:time_to_first_token_seconds",
        "Arrival until the engine made the first token.", Buckets.FirstToken, null, labels);

    public MetricFamily<Histogram> FirstByte { get; } = registry.Histogram("minka_first_byte_seconds",
        "Arrival until the first byte of text was sent.", Buckets.FirstToken, null, labels);

    public MetricFamily<Histogram> InterToken { get; } = registry.Histogram(
        "minka_itl_seconds vllm:inter_token_latency_seconds", "Gap between two tokens of one choice.",
        Buckets.BetweenTokensFine, Buckets.BetweenTokens, labels);

    public MetricFamily<Histogram> PerToken { get; } = registry.Histogram(
        "minka_tpot_seconds vllm:request_time_per_output_token_seconds vllm:time_per_output_token_seconds",
        "Mean time of a token after the first, by request.",
        Buckets.BetweenTokensFine, Buckets.BetweenTokens, labels);

    public MetricFamily<Histogram> EndToEnd { get; } = Whole(registry, labels,
        "minka_e2e_seconds vllm:e2e_request_latency_seconds", "Arrival until the last token.");

    public MetricFamily<Histogram> Prefill { get; } = Whole(registry, labels,
        "minka_prefill_seconds vllm:request_prefill_time_seconds", "First scheduled until the first token.");

    public MetricFamily<Histogram> Decode { get; } = Whole(registry, labels,
        "minka_decode_seconds vllm:request_decode_time_seconds", "First token until the last.");

    public MetricFamily<Histogram> Inference { get; } = Whole(registry, labels,
        "minka_inference_seconds vllm:request_inference_time_seconds", "First scheduled until the last token.");

    private static MetricFamily<Histogram> Whole(MetricRegistry registry, string[] labels, string names, string help) =>
        registry.Histogram(names, help, Buckets.RequestFine, Buckets.Request, labels);
}
