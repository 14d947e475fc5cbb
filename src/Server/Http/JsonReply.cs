using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Minka.Server.Http;

/// <summary>Writes JSON answers.</summary>
internal static class JsonReply
{
    /// <summary>Letters stay letters: only what JSON must escape is escaped.</summary>
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Answers with one JSON value.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var writer = context.Response.BodyWriter;
        await using (var json = new Utf8JsonWriter(writer, Options)) write(json);
        await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
