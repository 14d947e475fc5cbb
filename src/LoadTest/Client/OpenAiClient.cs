using System.Net.Http.Headers;
using System.Text.Json;

namespace Minka.LoadTest.Client;

/// <summary>Sends streamed requests to an OpenAI server and writes down when what came back. Never throws for one that
/// fails: a failure is a result.</summary>
internal sealed class OpenAiClient : IDisposable
{
    private const int BodyBytesMax = 16 << 20;
    private static readonly TimeSpan _askTimeout = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue _json = new("application/json");

    private readonly LoadTarget _target;
    private readonly TimeProvider _time;

    /// <summary>Keeps connections for the next request.</summary>
    private readonly HttpClient _http;

    /// <summary>Connects for every request.</summary>
    private readonly HttpClient _fresh;
    private volatile bool _hasAnswered;

    public OpenAiClient(LoadTarget target, TimeProvider time)
    {
        (_target, _time) = (target, time);
        _http = Connections.Client(target, keeps: true, BodyBytesMax);
        _fresh = Connections.Client(target, keeps: false, BodyBytesMax);
    }

    /// <summary>Sends one request and follows it to its end.</summary>
    /// <param name="request">What is sent.</param>
    /// <param name="plannedAt">When it should have been sent, s from <paramref name="start"/>.</param>
    /// <param name="start">Start of the run, as the clock's timestamp.</param>
    /// <param name="cancellation">Ends it with <see cref="FailureKind.Cancelled"/>.</param>
    public async Task<RequestOutcome> SendAsync(
        PreparedRequest request, double plannedAt, long start, CancellationToken cancellation)
    {
        var log = new ExchangeLog(_time, start, request, plannedAt);
        using var timeout = new CancellationTokenSource(_target.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            using var response = await PostAsync(request.Body, log, either.Token);
            log.HasHeaders = true;
            return log.Close(await FollowAsync(response, log, either.Token));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return log.Close(new(FailureKind.Cancelled, "cancelled"));
        }
        catch (OperationCanceledException)
        {
            return log.Close(new(FailureKind.Timeout,
                FormattableString.Invariant($"no end after {_target.Timeout.TotalSeconds:0.###} s")));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or StreamFaultException
            or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            return log.Close(Failure.OfException(error, log.HasHeaders));
        }
    }

    /// <summary>Asks something small beside the run: a GET, or a POST of JSON.</summary>
    /// <returns>The JSON answered; null for any failure, which <paramref name="explain"/> is told of.</returns>
    public async Task<JsonDocument?> AskAsync(
        string path, byte[]? body, CancellationToken cancellation, Action<string>? explain = null)
    {
        using var timeout = new CancellationTokenSource(_askTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var url = new Uri(_target.BaseUrl, path);
            using var message = body is null ? new HttpRequestMessage(HttpMethod.Get, url) : Post(url, body);
            using var response = await _http.SendAsync(message, either.Token);
            _hasAnswered = true;
            var text = await response.Content.ReadAsByteArrayAsync(either.Token);
            if (response.IsSuccessStatusCode) return JsonDocument.Parse(text);
            explain?.Invoke(Failure.OfStatus(response.StatusCode, Text(text)).Message);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException
            || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            explain?.Invoke(Failure.Excerpt(error.Message));
        }
        return null;
    }

    public void Dispose()
    {
        _http.Dispose();
        _fresh.Dispose();
    }

    /// <summary>
    /// Sends a request. A server may close a kept connection just as the next request goes out on it; that is no
    /// failure of the request, which is then sent over a new one, and written down. Which connection it was cannot be
    /// asked, but none was kept before the first answer, and one that was refused was none.
    /// </summary>
    private async Task<HttpResponseMessage> PostAsync(byte[] body, ExchangeLog log, CancellationToken cancellation)
    {
        using var message = Post(_target.RequestUrl, body);
        try
        {
            var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            _hasAnswered = true;
            return response;
        }
        catch (HttpRequestException lost) when (_hasAnswered && !Failure.IsRefusal(lost))
        {
            log.IsResent = true;
            using var again = Post(_target.RequestUrl, body);
            return await _fresh.SendAsync(again, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
    }

    private static HttpRequestMessage Post(Uri url, byte[] body) => new(HttpMethod.Post, url)
    {
        Content = new ByteArrayContent(body) { Headers = { ContentType = _json } },
    };

    private static async Task<Failure?> FollowAsync(
        HttpResponseMessage response, ExchangeLog log, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        if (!response.IsSuccessStatusCode)
            return Failure.OfStatus(response.StatusCode, await BeginningAsync(stream, cancellation));
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is not "text/event-stream")
            return new(FailureKind.NotAStream, $"an answer of type '{type}', not text/event-stream");
        var events = new SseReader(stream, log.Time);
        while (await events.ReadAsync(cancellation))
        {
            if (events.Data.Span.StartsWith("[DONE]"u8)) return log.Verdict(isDone: true);
            log.Take(Chunk.Parse(events.Data), events.ArrivedAt);
        }
        return log.Verdict(isDone: false);
    }

    private static async Task<string> BeginningAsync(Stream stream, CancellationToken cancellation)
    {
        var bytes = new byte[1024];
        var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return Text(bytes.AsSpan(0, read));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
