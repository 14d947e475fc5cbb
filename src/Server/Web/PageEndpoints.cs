using Microsoft.AspNetCore.Http;

namespace Minka.Server.Web;

/// <summary>The web pages. They hold nothing secret and need no key; what they ask the server for does.</summary>
internal static class PageEndpoints
{
    // No inline script or style, nothing from elsewhere, nobody's frame.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>GET /: the chat for a browser; for a program the line that Ollama's clients look for.</summary>
    public static Task RootAsync(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            return SendAsync(context, PageFiles.All["index.html"]);
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("Ollama is running", context.RequestAborted);
    }

    /// <summary>GET /live: what the server does now.</summary>
    public static Task LiveAsync(HttpContext context) => SendAsync(context, PageFiles.All["live.html"]);

    /// <summary>GET /ui/{path}: scripts, styles, pictures.</summary>
    public static Task FileAsync(HttpContext context)
    {
        var path = context.Request.RouteValues["path"] as string ?? "";
        return PageFiles.All.TryGetValue(path, out var file)
            ? SendAsync(context, file)
            : throw ApiFault.NotFound("route_not_found", "The web pages have no such file.");
    }

    private static async Task SendAsync(HttpContext context, PageFile file)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.ETag = file.ETag;
        // Kept, but asked for again each time: a new server never shows an old page.
        response.Headers.CacheControl = "no-cache";
        if (request.Headers.IfNoneMatch.ToString().Contains(file.ETag, StringComparison.Ordinal))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = file.Type;
        response.ContentLength = file.Bytes.Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.Body.WriteAsync(file.Bytes, context.RequestAborted).ConfigureAwait(false);
    }
}
