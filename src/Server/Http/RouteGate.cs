using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Minka.Server.Http;

/// <summary>Needs no key, and answers while the server loads or goes down; metadata of endpoints.</summary>
internal sealed class OpenRoute
{
    /// <summary>The one there is.</summary>
    public static readonly OpenRoute Instance = new();
}

/// <summary>Marks endpoints.</summary>
internal static class RouteMarks
{
    /// <summary>Needs no key, and answers while the server loads or goes down.</summary>
    public static TBuilder Open<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(OpenRoute.Instance);

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
        if (endpoint is RouteEndpoint route)
            RequestTrace.Of(context).Route = route.RoutePattern.RawText ?? "";
        if (endpoint?.Metadata.GetMetadata<OpenRoute>() is null) Require(server.State);
        return next(context);
    }

    private static void Require(ServerState state)
    {
        if (state.IsClosed)
            throw ApiFault.Unavailable("draining", "The server is going down; ask again.", TimeSpan.FromSeconds(5));
        if (!state.IsLoaded)
            throw ApiFault.Unavailable("loading", "The model is being loaded; ask again.", TimeSpan.FromSeconds(2));
    }
}
