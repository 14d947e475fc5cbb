using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.Ollama;

/// <summary>Ollama's errors: one sentence.</summary>
internal sealed class OllamaErrorShape : IErrorShape
{
    /// <summary>The one there is.</summary>
    public static readonly OllamaErrorShape Instance = new();

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ApiFault fault, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("error", fault.Message);
        json.WriteEndObject();
    }
}
