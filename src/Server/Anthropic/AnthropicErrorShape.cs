using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.Anthropic;

/// <summary>Anthropic's errors.</summary>
internal sealed class AnthropicErrorShape : IErrorShape
{
    /// <summary>The one there is.</summary>
    public static readonly AnthropicErrorShape Instance = new();

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ApiFault fault, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", TypeOf(fault.Status));
        json.WriteString("message", fault.Message);
        json.WriteEndObject();
        json.WriteString("request_id", requestId);
        json.WriteEndObject();
    }

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
