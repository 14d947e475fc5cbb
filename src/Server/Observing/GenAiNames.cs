namespace Minka.Server.Observing;

/// <summary>OpenTelemetry's names for generative models, all in one place: they are still in development.</summary>
internal static class GenAiNames
{
    public const string Operation = "gen_ai.operation.name";
    public const string Provider = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string RequestMaxTokens = "gen_ai.request.max_tokens";
    public const string RequestChoices = "gen_ai.request.choice.count";
    public const string ResponseId = "gen_ai.response.id";
    public const string ResponseModel = "gen_ai.response.model";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string CachedTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string RequestDuration = "gen_ai.server.request.duration";
    public const string TimeToFirstToken = "gen_ai.server.time_to_first_token";
    public const string TimePerOutputToken = "gen_ai.server.time_per_output_token";
    public const string ErrorType = "error.type";
    public const string HttpRoute = "http.route";
    public const string HttpStatus = "http.response.status_code";

    /// <summary>What we are called as a provider, a meter and a source of spans.</summary>
    public const string Minka = "minka";

    /// <summary>Bounds of <see cref="TimeToFirstToken"/>, in seconds.</summary>
    public static double[] FirstTokenBounds { get; } =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];

    /// <summary>Bounds of <see cref="TimePerOutputToken"/>, in seconds.</summary>
    public static double[] PerTokenBounds { get; } =
        [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5];

    /// <summary>Bounds of <see cref="RequestDuration"/>, in seconds.</summary>
    public static double[] DurationBounds { get; } =
        [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    /// <summary>The operation that a route stands for.</summary>
    public static string OperationOf(string route) => route switch
    {
        "/v1/completions" or "/api/generate" => "text_completion",
        "/v1/embeddings" or "/api/embed" or "/api/embeddings" => "embeddings",
        _ => "chat",
    };
}
