using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Minka.Server.Tools;

/// <summary>JSON written on one line, as models and templates write it.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options)) write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A JSON string.</summary>
    public static string Quote(string text) => Write(json => json.WriteStringValue(text));

    /// <summary>Whether a text is one JSON value, and of what kind.</summary>
    public static bool TryKind(string text, out JsonValueKind kind)
    {
        kind = JsonValueKind.Undefined;
        try
        {
            using var document = JsonDocument.Parse(text);
            kind = document.RootElement.ValueKind;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The text of a JSON string; null when it is none.</summary>
    public static string? Unquote(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.String ? document.RootElement.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or half a surrogate pair
        }
    }
}
