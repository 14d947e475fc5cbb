namespace Minka.Server.Metrics;

/// <summary>Sizes of requests, and how they ended.</summary>
internal sealed class TokenFamilies(MetricRegistry registry, string[] labels)
{
    private const long TokensMax = 1_000_000;

    private static readonly double[] _bounds = Buckets.Tokens(TokensMax);

    public MetricFamily<Histogram> Prompt { get; } = registry.Histogram(
        "minka_request_prompt_tokens vllm:request_prompt_tokens", "Tokens of a request's prompt.",
        _bounds, null, labels);

    public MetricFamily<Histogram> Generation { get; } = registry.Histogram(
        "minka_request_generation_tokens vllm:request_generation_tokens",
        "Tokens generated for a request, all choices.", _bounds, null, labels);

    public MetricFamily<Histogram> LongestGeneration { get; } = registry.Histogram(
        "minka_request_max_num_generation_tokens vllm:request_max_num_generation_tokens",
        "Tokens of a request's longest choice.", _bounds, null, labels);

    public MetricFamily<Histogram> ParamMaxTokens { get; } = registry.Histogram(
        "minka_request_params_max_tokens vllm:request_params_max_tokens", "The max_tokens that requests ask for.",
        _bounds, null, labels);

    public MetricFamily<Histogram> ParamChoices { get; } = registry.Histogram(
        "minka_request_params_n vllm:request_params_n", "The n that requests ask for.",
        Buckets.Choices, null, labels);

    public MetricFamily<Counter> Success { get; } = registry.Counter(
        "minka_request_success_total vllm:request_success_total",
        "Requests that ended, by reason: stop, length, abort, error.", [.. labels, "finished_reason"]);
}
