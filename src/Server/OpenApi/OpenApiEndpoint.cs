using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Http;

namespace Minka.Server.OpenApi;

/// <summary>What a route is for; metadata of endpoints.</summary>
/// <param name="Summary">A few words.</param>
/// <param name="Schema">Of its body, from <c>schemas.json</c>; null for none.</param>
internal sealed record RouteNote(string Summary, string? Schema);

/// <summary>Notes on endpoints.</summary>
internal static class RouteNotes
{
    /// <summary>Says what a route is for.</summary>
    public static TBuilder Says<TBuilder>(this TBuilder endpoint, string summary, string? schema = null)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new RouteNote(summary, schema));
}

/// <summary>GET /openapi.json: the routes that there are, so that the document cannot lag behind them.</summary>
internal sealed class OpenApiEndpoint(ServerParts server, IEndpointRouteBuilder routes)
{
    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context) => JsonReply.WriteAsync(context, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.0");
        json.WriteStartObject("info");
        json.WriteString("title", "Minka");
        json.WriteString("version", server.Options.Version);
        json.WriteEndObject();
        json.WriteStartObject("paths");
        var endpoints = routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
        foreach (var path in endpoints.GroupBy(PathOf).OrderBy(path => path.Key, StringComparer.Ordinal))
            WritePath(json, path.Key, path);
        json.WriteEndObject();
        json.WriteStartObject("components");
        json.WritePropertyName("schemas");
        json.WriteRawValue(Schemas(), skipInputValidation: true);
        json.WriteStartObject("securitySchemes");
        json.WriteStartObject("key");
        json.WriteString("type", "http");
        json.WriteString("scheme", "bearer");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static string PathOf(RouteEndpoint endpoint) =>
        "/" + (endpoint.RoutePattern.RawText ?? "").TrimStart('/').Replace("**", "", StringComparison.Ordinal);

    private static void WritePath(Utf8JsonWriter json, string path, IEnumerable<RouteEndpoint> endpoints)
    {
        json.WriteStartObject(path);
        foreach (var endpoint in endpoints)
        {
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                if (!HttpMethods.IsHead(method)) WriteOperation(json, method, endpoint);
        }
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, string method, RouteEndpoint endpoint)
    {
        var note = endpoint.Metadata.GetMetadata<RouteNote>();
        json.WriteStartObject(method.ToLowerInvariant());
        if (note is not null) json.WriteString("summary", note.Summary);
        WriteParameters(json, endpoint);
        if (note?.Schema is { } schema)
        {
            json.WriteStartObject("requestBody");
            json.WriteBoolean("required", true);
            WriteContent(json, schema);
            json.WriteEndObject();
        }
        if (endpoint.Metadata.GetMetadata<OpenRoute>() is null)
        {
            json.WriteStartArray("security");
            json.WriteStartObject();
            json.WriteStartArray("key");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "The answer.");
        json.WriteEndObject();
        json.WriteStartObject("default");
        json.WriteString("description", "What went wrong.");
        WriteContent(json, "Error");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter json, RouteEndpoint endpoint)
    {
        if (endpoint.RoutePattern.Parameters.Count == 0) return;
        json.WriteStartArray("parameters");
        foreach (var parameter in endpoint.RoutePattern.Parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("in", "path");
            json.WriteBoolean("required", true);
            json.WriteStartObject("schema");
            json.WriteString("type", "string");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteContent(Utf8JsonWriter json, string schema)
    {
        json.WriteStartObject("content");
        json.WriteStartObject("application/json");
        json.WriteStartObject("schema");
        json.WriteString("$ref", $"#/components/schemas/{schema}");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Schemas()
    {
        using var stream = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi/schemas.json")
            ?? throw new InvalidOperationException("The build left schemas.json out; build Minka again.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
