using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Minka.Server.Http;

/// <summary>What every request passes: it gets an id, its end is told to observers, and whatever goes wrong inside
/// becomes an answer.</summary>
internal sealed class RequestGate(ServerParts server, RequestDelegate next)
{
    private const int IdLengthMax = 128;

    public async Task HandleAsync(HttpContext context)
    {
        var trace = new RequestTrace(IdOf(context.Request), server.Time, context.RequestAborted)
        {
            TraceParent = context.Request.Headers.TraceParent.ToString(),
            TraceState = context.Request.Headers.TraceState.ToString(),
        };
        trace.AttachTo(context);
        var headers = context.Response.Headers;
        headers["x-request-id"] = trace.Id;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'";
        context.Response.OnStarting(() =>
        {
            headers["openai-processing-ms"] = ((long)trace.Elapsed.TotalMilliseconds).ToString(
                System.Globalization.CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        server.State.Enter();
        foreach (var observer in server.Observers) observer.Began(trace);
        try
        {
            await AnswerAsync(context, trace).ConfigureAwait(false);
        }
        finally
        {
            trace.Status = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted
                ? 499 : context.Response.StatusCode;
            foreach (var observer in server.Observers) observer.Ended(trace);
            server.State.Leave();
        }
    }

    private async Task AnswerAsync(HttpContext context, RequestTrace trace)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context is { Response: { HasStarted: false, StatusCode: 404 or 405 } }) await RefuseRouteAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // The engine gave the request up because nobody read: there is nobody to tell.
            context.Abort();
        }
        catch (Exception error)
        {
            var fault = Faults.Of(error);
            if (fault.Status >= 500 && error is not ApiFault)
                server.Options.Log($"{trace.Id} {trace.Route}: {error}");
            if (context.Response.HasStarted) context.Abort();
            else await Faults.WriteAsync(context, fault).ConfigureAwait(false);
        }
    }

    private static Task RefuseRouteAsync(HttpContext context)
    {
        var allow = context.Response.Headers.Allow.ToString();
        var fault = context.Response.StatusCode == 405
            ? new ApiFault(405, "invalid_request_error", "method_not_allowed",
                $"This route takes {allow}, not {context.Request.Method}.")
            { Allow = allow }
            : ApiFault.NotFound("route_not_found", "There is no such route; /openapi.json lists them.");
        return Faults.WriteAsync(context, fault);
    }

    /// <summary>The client's id where it is harmless in a log, else a new one.</summary>
    private static string IdOf(HttpRequest request)
    {
        var sent = request.Headers["x-request-id"].ToString();
        var isSafe = sent.Length is > 0 and <= IdLengthMax
            && sent.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');
        return isSafe ? sent : $"req_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
    }
}
