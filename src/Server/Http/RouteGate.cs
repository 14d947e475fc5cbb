using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Keys;

namespace Minka.Server.Http;

/// <summary>Needs no key, and answers while the server loads or goes down; metadata of endpoints.</summary>
internal sealed class OpenRoute
{
    /// <summary>The one there is.</summary>
    public static readonly OpenRoute Instance = new();
}

/// <summary>The body is JSON whatever its Content-Type says: <c>curl -d</c> says that it is a form; metadata of
/// endpoints.</summary>
internal sealed class AnyContentType
{
    /// <summary>The one there is.</summary>
    public static readonly AnyContentType Instance = new();
}

/// <summary>Marks endpoints.</summary>
internal static class RouteMarks
{
    /// <summary>Answers GET, and HEAD with the same but the body.</summary>
    public static IEndpointConventionBuilder MapRead(
        this IEndpointRouteBuilder on, string pattern, RequestDelegate answer) =>
        on.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], answer);

    /// <summary>Needs no key, and answers while the server loads or goes down.</summary>
    public static TBuilder Open<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(OpenRoute.Instance);

    /// <summary>The body is JSON whatever its Content-Type says.</summary>
    public static TBuilder TakesAnyContentType<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(AnyContentType.Instance);

    /// <summary>Errors are written in this dialect.</summary>
    public static TBuilder WithErrors<TBuilder>(this TBuilder endpoint, IErrorShape shape)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(shape);
}

/// <summary>What a request passes once its route is known; what is checked depends on the endpoint that answers and not
/// on how the path was written.</summary>
internal sealed class RouteGate(ServerParts server, RequestDelegate next)
{
    public Task HandleAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var trace = RequestTrace.Of(context);
        if (endpoint is RouteEndpoint route) trace.Route = route.RoutePattern.RawText ?? "";
        if (endpoint?.Metadata.GetMetadata<OpenRoute>() is not null) return next(context);
        if (server.Keys.IsNeeded) return CheckedAsync(context, trace);
        Require(server.State);
        return next(context);
    }

    private async Task CheckedAsync(HttpContext context, RequestTrace trace)
    {
        var key = server.Keys.Find(ShownKey(context.Request)) ?? throw new ApiFault(
            401, "authentication_error", "invalid_api_key",
            "No key, or none of this server's, came with the request; send Authorization: Bearer KEY.");
        trace.Key = key.Key.Name;
        Require(server.State);
        var allowance = key.Begin();
        try
        {
            if (key.Key.RequestsPerSecond > 0) Tell(context.Response.Headers, allowance);
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            key.End(trace.Usage.Total);
        }
    }

    private static string ShownKey(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            ? authorization[scheme.Length..].Trim()
            : request.Headers["x-api-key"].ToString();
    }

    private static void Tell(IHeaderDictionary headers, KeyAllowance left)
    {
        headers["x-ratelimit-limit-requests"] = left.Limit.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining-requests"] = left.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset-requests"] =
            string.Create(CultureInfo.InvariantCulture, $"{left.Reset.TotalSeconds:F3}s");
    }

    private static void Require(ServerState state)
    {
        if (state.IsClosed)
            throw ApiFault.Unavailable("draining", "The server is going down; ask again.", TimeSpan.FromSeconds(5));
        if (!state.IsLoaded)
            throw ApiFault.Unavailable("loading", "The model is being loaded; ask again.", TimeSpan.FromSeconds(2));
    }
}
