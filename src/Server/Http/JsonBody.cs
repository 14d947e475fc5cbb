using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Minka.Models.Loading;

namespace Minka.Server.Http;

/// <summary>The JSON object that a client sent.</summary>
internal sealed class JsonBody : IDisposable
{
    private const int DepthMax = 100;

    private static readonly JsonDocumentOptions _strict =
        new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    private readonly JsonDocument _document;

    private JsonBody(JsonDocument document) => _document = document;

    /// <summary>Its fields.</summary>
    public JsonFields Fields => new(_document.RootElement);

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="ApiFault">It is not one JSON object in UTF-8.</exception>
    public static async Task<JsonBody> ReadAsync(HttpContext context)
    {
        RequireJson(context);
        var reader = context.Request.BodyReader;
        // Kestrel holds the limit of bytes.
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }
            var bytes = read.Buffer.ToArray();
            reader.AdvanceTo(read.Buffer.End);
            return Parse(bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();

    /// <summary>Reads bytes.</summary>
    internal static JsonBody Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty) throw Broken("The body is empty; a JSON object is needed.");
        if (!Utf8.IsValid(bytes.Span)) throw Broken("The body is not UTF-8; send JSON in UTF-8.");
        if (bytes.Span.StartsWith(ByteOrderMark))
            throw Broken("The body begins with a byte order mark; send JSON without it.");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, _strict);
        }
        catch (JsonException fault)
        {
            throw Broken($"The body is not valid JSON: {JsonFault.Of(fault)}.");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return new JsonBody(document);
        var kind = JsonFields.Kind(document.RootElement);
        document.Dispose();
        throw Broken($"The body is {kind}; a JSON object is needed.");
    }

    private static void RequireJson(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
            throw new ApiFault(415, "invalid_request_error", "unsupported_media_type",
                "The body is compressed; send it as it is.");
        var type = request.ContentType;
        if (type is null || type.Contains("json", StringComparison.OrdinalIgnoreCase)) return;
        // OriginGate has kept other people's pages out, which may send forms without asking.
        if (context.GetEndpoint()?.Metadata.GetMetadata<AnyContentType>() is not null) return;
        throw new ApiFault(415, "invalid_request_error", "unsupported_media_type",
            "The body's Content-Type is not JSON; send application/json.");
    }

    private static ApiFault Broken(string message) => ApiFault.Invalid(null, message, "invalid_json");
}
