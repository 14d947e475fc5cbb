using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.Observing;

/// <summary>One line of JSON for each request: who asked, what was answered, what it took; never what a prompt or an
/// answer says. Pages, health and metrics are left out unless they fail.</summary>
internal sealed class AccessLog(Action<string> write, TimeProvider time) : IRequestObserver
{
    private static readonly HashSet<string> _unlogged =
        ["/", "/live", "/live.json", "/ui/{**path}", "/metrics", "/health", "/healthz", "/livez", "/ready", "/readyz"];

    public void Began(RequestTrace trace) { }

    public void Ended(RequestTrace trace)
    {
        if (trace.Status < 400 && _unlogged.Contains(trace.Route)) return;
        write(Line(EndedRequest.Of(trace, time.GetUtcNow())));
    }

    /// <summary>The line of one request.</summary>
    public static string Line(EndedRequest request)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(text, JsonReply.Options);
        json.WriteStartObject();
        json.WriteString("time", DateTimeOffset.FromUnixTimeMilliseconds((long)(request.At * 1000))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("id", request.Id);
        json.WriteString("route", request.Route.Length > 0 ? request.Route : "none");
        json.WriteNumber("status", request.Status);
        if (request.Key.Length > 0) json.WriteString("key", request.Key);
        if (request.Fault is not null) json.WriteString("error", request.Fault);
        if (request.Model.Length > 0) json.WriteString("model", request.Model);
        if (request.Finish.Length > 0) json.WriteString("finish", request.Finish);
        Milliseconds("ms", request.EndToEnd);
        Milliseconds("queue_ms", request.Queue);
        Milliseconds("ttft_ms", request.FirstToken);
        Milliseconds("first_byte_ms", request.FirstByte);
        Milliseconds("tpot_ms", request.PerToken);
        if (request.Prompt > 0)
        {
            json.WriteNumber("prompt_tokens", request.Prompt);
            json.WriteNumber("cached_tokens", request.Cached);
            json.WriteNumber("completion_tokens", request.Generated);
        }
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(text.WrittenSpan);

        void Milliseconds(string name, double? seconds)
        {
            if (seconds is { } value) json.WriteNumber(name, Math.Round(value * 1000, 3));
        }
    }
}
