using System.Net;
using Microsoft.AspNetCore.Http;

namespace Minka.Server.Http;

/// <summary>Keeps other people's web pages out: a page may use the server only from its own origin or from one that was
/// named, and a server on loopback answers to no name but its own (DNS rebinding).</summary>
internal sealed class OriginGate(ServerParts server, RequestDelegate next)
{
    public Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        // Without a Host it is HTTP/1.0, which no browser speaks.
        if (server.Options.IsLoopback && request.Host.HasValue && !IsLocalName(request.Host.Host))
            throw Refuse($"The Host header names '{JsonFields.Shortened(request.Host.Host)}'; this server answers to "
                + "localhost and 127.0.0.1 only, unless it is started with --host.");
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0) return next(context);
        var isNamed = server.Options.CorsOrigins.Contains("*") || server.Options.CorsOrigins.Contains(origin);
        var isOwn = origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        if (isNamed)
        {
            var headers = context.Response.Headers;
            headers.AccessControlAllowOrigin = origin;
            headers.Vary = "Origin";
            headers.AccessControlExposeHeaders = "x-request-id, retry-after, retry-after-ms, openai-processing-ms";
            if (HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod.Count > 0)
                return AllowAsync(context);
        }
        if (!isNamed && !isOwn)
            throw Refuse("Pages of another origin may not use this server; --cors-origin names those that may.");
        return next(context);
    }

    private static Task AllowAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "GET, POST, DELETE";
        headers.AccessControlAllowHeaders = "*, authorization";
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static ApiFault Refuse(string message) => new(403, "permission_error", "origin_refused", message);
}
