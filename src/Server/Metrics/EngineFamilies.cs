namespace Minka.Server.Metrics;

/// <summary>What the engine counts and holds.</summary>
internal sealed class EngineFamilies(MetricRegistry registry, string[] labels)
{
    public MetricFamily<Gauge> Running { get; } = registry.Gauge(
        "minka_requests_running vllm:num_requests_running", "Sequences in the batch.", labels);

    public MetricFamily<Gauge> Waiting { get; } = registry.Gauge(
        "minka_requests_waiting vllm:num_requests_waiting", "Sequences in the queue.", labels);

    public MetricFamily<Gauge> WaitingByReason { get; } = registry.Gauge(
        "vllm:num_requests_waiting_by_reason", "Sequences in the queue, by reason.", [.. labels, "reason"]);

    public MetricFamily<Gauge> KvUsage { get; } = registry.Gauge(
        "minka_kv_cache_usage_ratio vllm:kv_cache_usage_perc vllm:gpu_cache_usage_perc",
        "KV blocks that sequences hold, as a fraction of all (0 to 1).", labels);

    public MetricFamily<Gauge> KvBlocks { get; } = registry.Gauge(
        "minka_kv_blocks", "KV blocks, by state: used by sequences, or not.", [.. labels, "state"]);

    public MetricFamily<Gauge> CacheConfig { get; } = registry.Gauge("vllm:cache_config_info",
        "1; its labels say how the KV cache is cut.",
        [.. labels, "block_size", "num_gpu_blocks", "num_cpu_blocks", "enable_prefix_caching"]);

    public MetricFamily<Counter> Steps { get; } = registry.Counter(
        "minka_steps_total", "Batches that went through the model.", labels);

    public MetricFamily<Counter> StepTokens { get; } = registry.Counter(
        "minka_step_tokens_total", "Tokens computed in steps, drafts and recomputed ones included.", labels);

    public MetricFamily<Counter> StepSeconds { get; } = registry.Counter(
        "minka_step_seconds_total", "Time in which steps were run; the rest the engine was idle.", labels);

    public MetricFamily<Counter> LostSteps { get; } = registry.Counter(
        "minka_steps_lost_total", "Steps that failed and were run again.", labels);

    public MetricFamily<Counter> PromptTokens { get; } = registry.Counter(
        "minka_prompt_tokens_total vllm:prompt_tokens_total", "Tokens of prompts.", labels);

    public MetricFamily<Counter> GenerationTokens { get; } = registry.Counter(
        "minka_generation_tokens_total vllm:generation_tokens_total", "Tokens generated.", labels);

    public MetricFamily<Counter> PrefixQueries { get; } = registry.Counter(
        "minka_prefix_cache_queries_total vllm:prefix_cache_queries_total",
        "Prompt tokens looked up in the prefix cache.", labels);

    public MetricFamily<Counter> PrefixHits { get; } = registry.Counter(
        "minka_prompt_tokens_cached_total minka_prefix_cache_hits_total vllm:prefix_cache_hits_total",
        "Prompt tokens found in the prefix cache.", labels);

    public MetricFamily<Counter> Preemptions { get; } = registry.Counter(
        "minka_preemptions_total vllm:num_preemptions_total",
        "Sequences that gave their blocks back and were computed again.", labels);

    public MetricFamily<Histogram> StepSizes { get; } = registry.Histogram(
        "minka_step_size_tokens vllm:iteration_tokens_total", "Tokens computed in one step.", Buckets.StepTokens, null,
        labels);

    public MetricFamily<Counter> Drafts { get; } = registry.Counter(
        "minka_drafts_total vllm:spec_decode_num_drafts_total",
        "How often tokens were guessed for a sequence and verified.", labels);

    public MetricFamily<Counter> DraftTokens { get; } = registry.Counter(
        "minka_draft_tokens_total vllm:spec_decode_num_draft_tokens_total", "Tokens guessed ahead.", labels);

    public MetricFamily<Counter> AcceptedTokens { get; } = registry.Counter(
        "minka_accepted_tokens_total vllm:spec_decode_num_accepted_tokens_total",
        "Guessed tokens that were right.", labels);

    public MetricFamily<Counter> AcceptedByPosition { get; } = registry.Counter(
        "minka_accepted_tokens_per_position_total vllm:spec_decode_num_accepted_tokens_per_pos_total",
        "Guessed tokens that were right, by their place among the guesses, from 0.", [.. labels, "position"]);
}
