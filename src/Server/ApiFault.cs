namespace Minka.Server;

/// <summary>A request that is answered with an error: status, words for people, words for programs.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">OpenAI's kind of error, such as <c>invalid_request_error</c>.</param>
/// <param name="code">What exactly, such as <c>model_not_found</c>.</param>
/// <param name="message">One sentence: what was found, what is needed.</param>
/// <param name="parameter">The field at fault; null when none is.</param>
internal sealed class ApiFault(int status, string type, string code, string message, string? parameter = null)
    : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>OpenAI's kind of error.</summary>
    public string Type { get; } = type;

    /// <summary>What exactly.</summary>
    public string Code { get; } = code;

    /// <summary>The field at fault; null when none is.</summary>
    public string? Parameter { get; } = parameter;

    /// <summary>When asking again makes sense; null when it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Methods that the route has, for 405; null otherwise.</summary>
    public string? Allow { get; init; }

    /// <summary>400: a field is missing or has a value that makes no sense.</summary>
    public static ApiFault Invalid(string? parameter, string message, string code = "invalid_value") =>
        new(400, "invalid_request_error", code, message, parameter);

    /// <summary>404: no such thing.</summary>
    public static ApiFault NotFound(string code, string message, string? parameter = null) =>
        new(404, "not_found_error", code, message, parameter);

    /// <summary>503: not now.</summary>
    public static ApiFault Unavailable(string code, string message, TimeSpan retryAfter) =>
        new(503, "unavailable_error", code, message) { RetryAfter = retryAfter };

    /// <summary>500: what runs the model failed in the middle, as when one of its machines is lost.</summary>
    public static ApiFault EngineFailed() =>
        new(500, "server_error", "engine_failed", "The engine failed; the server's log says why.");

    /// <summary>500: our fault.</summary>
    public static ApiFault Internal(string message) => new(500, "server_error", "internal_error", message);
}
