using System.Text;
using Microsoft.AspNetCore.Http;

namespace Minka.Server.Metrics;

/// <summary>GET /metrics: the server's own, then those of machines that run a model.</summary>
internal sealed class MetricsEndpoint(MetricRegistry registry, ModelShelf models)
{
    /// <summary>Answers with Prometheus' text.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = MetricRegistry.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        registry.Write(context.Response.BodyWriter);
        foreach (var model in models.Loaded)
        {
            if (model.Options.MachineMetrics is not { } machines) continue;
            var rows = await machines(context.RequestAborted).ConfigureAwait(false);
            await context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(rows), context.RequestAborted)
                .ConfigureAwait(false);
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
