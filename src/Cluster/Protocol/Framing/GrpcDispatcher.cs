using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Minka.Cluster.Protocol.Framing;

/// <summary>Finds the method of a call, keeps its deadline, and says how it ended.</summary>
/// <param name="methods">By path.</param>
/// <param name="time">Clock of deadlines.</param>
/// <param name="log">Takes a line for each fault of a handler.</param>
internal sealed class GrpcDispatcher(
    IReadOnlyDictionary<string, GrpcMethod> methods, TimeProvider time, Action<string> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !GrpcText.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null; // Messages have a limit.
        http.Response.ContentType = GrpcText.ContentType;
        using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, http.RequestAborted);
        var (status, message) = (GrpcStatus.Ok, "");
        try
        {
            if (TimeLimit(http) is { } timeout) deadline.CancelAfter(timeout);
            await Method(http).Handle(http, either.Token);
        }
        catch (GrpcException ended)
        {
            (status, message) = (ended.Status, ended.Message);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            (status, message) = deadline.IsCancellationRequested
                ? (GrpcStatus.DeadlineExceeded, "The caller's time was over.")
                : (GrpcStatus.Cancelled, "The caller gave up.");
        }
        catch (IOException) when (http.RequestAborted.IsCancellationRequested)
        {
            return; // Nobody is there to be told.
        }
        catch (Exception fault)
        {
            // The caller learns that, not what: texts of faults may hold paths and more.
            log($"{http.Request.Path} failed: {fault}");
            (status, message) = (GrpcStatus.Internal, $"The worker failed at {http.Request.Path}; see its log.");
        }
        Finish(http, status, message);
    }

    private GrpcMethod Method(HttpContext http)
    {
        var encoding = http.Request.Headers[GrpcText.EncodingHeader].ToString();
        if (encoding.Length > 0 && encoding != GrpcText.Identity)
        {
            http.Response.Headers[GrpcText.AcceptEncodingHeader] = GrpcText.Identity;
            throw new GrpcException(GrpcStatus.Unimplemented, $"Encoding '{encoding}' is not read; send identity.");
        }
        return methods.TryGetValue(http.Request.Path.Value ?? "", out var method)
            ? method
            : throw new GrpcException(GrpcStatus.Unimplemented, $"There is no method {http.Request.Path}.");
    }

    private static TimeSpan? TimeLimit(HttpContext http)
    {
        var text = http.Request.Headers[GrpcText.TimeoutHeader].ToString();
        if (text.Length == 0) return null;
        var timeout = GrpcText.ParseTimeout(text)
            ?? throw new GrpcException(GrpcStatus.InvalidArgument, $"'{text}' is no grpc-timeout.");
        return timeout < TimeSpan.FromDays(1) ? timeout : null; // Beyond a day is for ever.
    }

    /// <summary>Trailers after messages; headers alone if nothing was sent.</summary>
    private static void Finish(HttpContext http, GrpcStatus status, string message)
    {
        var number = ((int)status).ToString(CultureInfo.InvariantCulture);
        if (http.Response.HasStarted)
        {
            http.Response.AppendTrailer(GrpcText.StatusTrailer, number);
            if (message.Length > 0) http.Response.AppendTrailer(GrpcText.MessageTrailer, GrpcText.Encode(message));
            return;
        }
        http.Response.Headers[GrpcText.StatusTrailer] = number;
        if (message.Length > 0) http.Response.Headers[GrpcText.MessageTrailer] = GrpcText.Encode(message);
    }
}
