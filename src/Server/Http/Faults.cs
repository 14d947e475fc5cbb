using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Server.Ollama;

namespace Minka.Server.Http;

/// <summary>From what went wrong to what the client is told.</summary>
internal static class Faults
{
    /// <summary>The error that an exception is answered with.</summary>
    public static ApiFault Of(Exception error) => error switch
    {
        ApiFault fault => fault,
        RequestRefusedException refused => Of(refused),
        BadHttpRequestException bad => Of(bad),
        _ => ApiFault.Internal("Something went wrong inside the server; its log says what, under this request's id."),
    };

    /// <summary>Writes the answer's status, headers and body.</summary>
    public static Task WriteAsync(HttpContext context, ApiFault fault)
    {
        var trace = RequestTrace.Of(context);
        trace.FaultCode = fault.Code;
        var headers = context.Response.Headers;
        if (fault.RetryAfter is { } wait)
        {
            headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(
                System.Globalization.CultureInfo.InvariantCulture);
            headers["retry-after-ms"] = ((long)wait.TotalMilliseconds).ToString(
                System.Globalization.CultureInfo.InvariantCulture);
        }
        else if (fault.Status is 408 or 409 or 429 or >= 500)
        {
            // Official clients repeat these by themselves; it would not help.
            headers["x-should-retry"] = "false";
        }
        if (fault.Status == 401) headers.WWWAuthenticate = "Bearer";
        if (fault.Allow is not null) headers.Allow = fault.Allow;
        if (fault.Status == 413) headers.Connection = "close";
        var shape = ShapeOf(context);
        return JsonReply.WriteAsync(context, fault.Status, json => shape.Write(json, fault, trace.Id));
    }

    // Without a route only the path tells whose client it is.
    private static IErrorShape ShapeOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IErrorShape>()
        ?? (context.Request.Path.StartsWithSegments("/api") ? OllamaErrorShape.Instance : OpenAiErrorShape.Instance);

    private static ApiFault Of(RequestRefusedException refused)
    {
        var parameter = refused.Parameter.Length > 0 ? refused.Parameter : null;
        return refused.Reason switch
        {
            RefusalReason.TooLong => ApiFault.Invalid(parameter, refused.Message, "context_length_exceeded"),
            // Not what was asked for, but what this engine lacks: it shows no hidden states.
            RefusalReason.Unsupported when parameter == "embedding" =>
                new(501, "server_error", "not_supported", refused.Message),
            RefusalReason.Unsupported => ApiFault.Invalid(parameter, refused.Message, "unsupported_schema"),
            RefusalReason.QueueFull => new(429, "rate_limit_error", "queue_full", refused.Message)
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            },
            RefusalReason.Stopping => ApiFault.Unavailable("draining", refused.Message, TimeSpan.FromSeconds(5)),
            _ => ApiFault.Invalid(parameter, refused.Message),
        };
    }

    private static ApiFault Of(BadHttpRequestException bad) => bad.StatusCode switch
    {
        413 => new(413, "invalid_request_error", "request_too_large",
            "The body is larger than this server takes; send less."),
        408 => new(408, "invalid_request_error", "timeout", "The body came too slowly."),
        _ => ApiFault.Invalid(null, "The request is not proper HTTP.", "invalid_http"),
    };
}
