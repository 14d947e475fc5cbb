using System.Text.Json;

namespace Minka.LoadTest.Client;

/// <summary>The server that is measured, and what every request to it says.</summary>
/// <param name="BaseUrl">Scheme, host and port, as in <c>http://127.0.0.1:8000</c>; without <c>/v1</c>.</param>
/// <param name="IsChat">Chat completions; false for completions.</param>
public sealed record LoadTarget(Uri BaseUrl, bool IsChat)
{
    /// <summary>Path of the requests; null for OpenAI's.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Model that requests name; empty to ask the server for its first.</summary>
    public string Model { get; init; } = "";

    /// <summary>Sent as <c>Authorization: Bearer</c>; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>More headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>More fields of every request; they win over ours. An object, or undefined for none.</summary>
    public JsonElement ExtraBody { get; init; }

    /// <summary>Asks the server to go on after the model's own end, so that lengths are as wanted.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>A request that takes longer has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Any certificate will do, for servers that signed their own.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Where requests go.</summary>
    public Uri RequestUrl => new(BaseUrl, Endpoint ?? (IsChat ? "/v1/chat/completions" : "/v1/completions"));

    /// <summary>Reads a base URL; a trailing <c>/v1</c> is taken for part of the endpoint.</summary>
    /// <exception cref="LoadTestException">It is no URL of a web server.</exception>
    public static Uri ParseUrl(string text)
    {
        var trimmed = text.TrimEnd('/');
        if (trimmed.EndsWith("/v1", StringComparison.Ordinal)) trimmed = trimmed[..^3];
        return Uri.TryCreate(trimmed + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new LoadTestException($"'{text}' is no URL of a server; it looks like http://127.0.0.1:8000.");
    }
}
