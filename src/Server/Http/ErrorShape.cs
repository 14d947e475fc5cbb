using System.Text.Json;

namespace Minka.Server.Http;

/// <summary>How a dialect writes an error; metadata of its endpoints.</summary>
internal interface IErrorShape
{
    /// <summary>Writes it as one object.</summary>
    void Write(Utf8JsonWriter json, ApiFault fault, string requestId);
}

/// <summary>OpenAI's, and that of every route without another.</summary>
internal sealed class OpenAiErrorShape : IErrorShape
{
    /// <summary>The one there is.</summary>
    public static readonly OpenAiErrorShape Instance = new();

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ApiFault fault, string requestId)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", fault.Message);
        json.WriteString("type", fault.Type);
        json.WriteString("param", fault.Parameter);
        json.WriteString("code", fault.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
