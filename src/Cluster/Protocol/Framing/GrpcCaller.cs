using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Protocol.Framing;

/// <summary>Calls methods over HTTP/2.</summary>
/// <param name="http">Client with a base address; HTTP/2 only.</param>
/// <param name="time">Clock of deadlines.</param>
internal sealed class GrpcCaller(HttpClient http, TimeProvider time)
{
    /// <summary>One message each way.</summary>
    /// <exception cref="GrpcException">The call did not end well.</exception>
    public Task<TReply> UnaryAsync<TReply>(
        string path, IMessage request, MessageParser<TReply> parser, TimeSpan? within, CancellationToken cancellation)
        where TReply : IMessage<TReply> =>
        OnlyAsync(path, CallAsync(path, new SingleMessage(request), parser, within, cancellation));

    /// <summary>Many messages out, one back.</summary>
    /// <exception cref="GrpcException">The call did not end well.</exception>
    public Task<TReply> ClientStreamAsync<TRequest, TReply>(
        string path, IAsyncEnumerable<TRequest> requests, MessageParser<TReply> parser, TimeSpan? within,
        CancellationToken cancellation)
        where TRequest : IMessage
        where TReply : IMessage<TReply> =>
        OnlyAsync(path, CallAsync(path, new MessageStream<TRequest>(requests), parser, within, cancellation));

    /// <summary>One message out, many back.</summary>
    /// <exception cref="GrpcException">The call did not end well.</exception>
    public IAsyncEnumerable<TReply> ServerStreamAsync<TReply>(
        string path, IMessage request, MessageParser<TReply> parser, CancellationToken cancellation)
        where TReply : IMessage<TReply> => CallAsync(path, new SingleMessage(request), parser, null, cancellation);

    private static async Task<T> OnlyAsync<T>(string path, IAsyncEnumerable<T> replies)
    {
        T? only = default;
        await foreach (var reply in replies)
            only = only is null ? reply
                : throw new GrpcException(GrpcStatus.Internal, $"{path} gave several messages; one is due.");
        return only ?? throw new GrpcException(GrpcStatus.Internal, $"{path} gave no message; one is due.");
    }

    private async IAsyncEnumerable<TReply> CallAsync<TReply>(
        string path, HttpContent content, MessageParser<TReply> parser, TimeSpan? within,
        [EnumeratorCancellation] CancellationToken cancellation)
        where TReply : IMessage<TReply>
    {
        using var deadline = new CancellationTokenSource(within ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using var request = Request(path, content, within);
        using var response = await Translate(path, () =>
            http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token), deadline.Token);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new GrpcException(GrpcStatus.Unknown, $"{path} answered HTTP {(int)response.StatusCode}.");
        if (!GrpcText.IsGrpc(response.Content.Headers.ContentType?.ToString()))
            throw new GrpcException(GrpcStatus.Unknown, $"{path} answered no gRPC.");

        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        await using var replies = GrpcMessages.ReadAsync(body, parser, either.Token).GetAsyncEnumerator(either.Token);
        while (await Translate(path, () => replies.MoveNextAsync().AsTask(), deadline.Token))
            yield return replies.Current;
        ThrowUnlessOk(path, response);
    }

    private static HttpRequestMessage Request(string path, HttpContent content, TimeSpan? within)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(GrpcText.ContentType);
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.Add(new("trailers"));
        if (within is { } timeout) request.Headers.Add(GrpcText.TimeoutHeader, GrpcText.FormatTimeout(timeout));
        return request;
    }

    /// <summary>The status is in the trailers, or in the headers if there was nothing to say before it.</summary>
    private static void ThrowUnlessOk(string path, HttpResponseMessage response)
    {
        var from = response.TrailingHeaders.Contains(GrpcText.StatusTrailer)
            ? response.TrailingHeaders
            : response.Headers;
        if (!from.TryGetValues(GrpcText.StatusTrailer, out var values)
            || !int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new GrpcException(GrpcStatus.Unknown, $"{path} ended without a status.");
        if (status == 0) return;
        var message = from.TryGetValues(GrpcText.MessageTrailer, out var texts) ? GrpcText.Decode(texts.First()) : "";
        throw new GrpcException(Enum.IsDefined((GrpcStatus)status) ? (GrpcStatus)status : GrpcStatus.Unknown, message);
    }

    /// <summary>What HTTP throws, in gRPC's words.</summary>
    private static async Task<T> Translate<T>(string path, Func<Task<T>> action, CancellationToken deadline)
    {
        try
        {
            return await action();
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
        {
            throw new GrpcException(GrpcStatus.DeadlineExceeded, $"{path} did not end in time.", late);
        }
        catch (HttpRequestException wrong) when (wrong.GetBaseException() is HandshakeException refused)
        {
            // Somebody is there, and what is wrong is a key.
            throw new GrpcException(GrpcStatus.Unauthenticated, $"{refused.Message.TrimEnd('.')}.", wrong);
        }
        catch (HttpRequestException wrong)
        {
            throw new GrpcException(GrpcStatus.Unavailable,
                $"Nobody answers there ({Innermost(wrong)}); is 'minka worker --listen' running with that address?",
                wrong);
        }
        catch (IOException wrong)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"{path} broke off: {Innermost(wrong)}", wrong);
        }
    }

    private static string Innermost(Exception wrong) => wrong.GetBaseException().Message;

    private sealed class SingleMessage(IMessage message) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync(GrpcMessages.Frame(message)).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class MessageStream<T>(IAsyncEnumerable<T> messages) : HttpContent
        where T : IMessage
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await foreach (var message in messages.WithCancellation(cancellationToken))
            {
                await stream.WriteAsync(GrpcMessages.Frame(message), cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
