using Microsoft.AspNetCore.Http;

namespace Minka.Server.Metrics;

/// <summary>GET /metrics.</summary>
internal sealed class MetricsEndpoint(MetricRegistry registry)
{
    /// <summary>Answers with Prometheus' text.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = MetricRegistry.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        registry.Write(context.Response.BodyWriter);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
