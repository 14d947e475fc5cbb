using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Minka.Cli;

/// <summary>How this program writes JSON.</summary>
internal static class Json
{
    /// <summary>Letters of all scripts as they are: what is written here goes into no web page.</summary>
    public static JavaScriptEncoder Readable => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The text of one value.</summary>
    public static string Write(Action<Utf8JsonWriter> write, bool isIndented = false)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Indented = isIndented, Encoder = Readable })) write(json);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>The text of one object.</summary>
    public static string WriteObject(Action<Utf8JsonWriter> writeFields, bool isIndented = false) => Write(json =>
    {
        json.WriteStartObject();
        writeFields(json);
        json.WriteEndObject();
    }, isIndented);
}
