using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Minka.Cluster.Protocol.Framing;

/// <summary>One method of a service, as a handler of HTTP/2 requests.</summary>
/// <param name="Path"><c>/package.Service/Method</c>.</param>
/// <param name="Handle">Reads messages, writes messages; what it throws becomes the status.</param>
internal sealed record GrpcMethod(string Path, Func<HttpContext, CancellationToken, Task> Handle)
{
    /// <summary>One message each way.</summary>
    public static GrpcMethod Unary<TRequest, TReply>(
        string path, MessageParser<TRequest> parser, Func<TRequest, CancellationToken, Task<TReply>> handler)
        where TRequest : IMessage<TRequest>
        where TReply : IMessage => new(path, async (http, cancellation) =>
    {
        var request = await OnlyAsync(GrpcMessages.ReadAsync(http.Request.Body, parser, cancellation));
        await ReplyAsync(http, await handler(request, cancellation), cancellation);
    });

    /// <summary>Many messages in, one out.</summary>
    public static GrpcMethod ClientStream<TRequest, TReply>(
        string path, MessageParser<TRequest> parser,
        Func<IAsyncEnumerable<TRequest>, CancellationToken, Task<TReply>> handler)
        where TRequest : IMessage<TRequest>
        where TReply : IMessage => new(path, async (http, cancellation) =>
        await ReplyAsync(http, await handler(
            GrpcMessages.ReadAsync(http.Request.Body, parser, cancellation), cancellation), cancellation));

    /// <summary>One message in, many out, each sent at once.</summary>
    public static GrpcMethod ServerStream<TRequest, TReply>(
        string path, MessageParser<TRequest> parser,
        Func<TRequest, CancellationToken, IAsyncEnumerable<TReply>> handler)
        where TRequest : IMessage<TRequest>
        where TReply : IMessage => new(path, async (http, cancellation) =>
    {
        var request = await OnlyAsync(GrpcMessages.ReadAsync(http.Request.Body, parser, cancellation));
        await http.Response.StartAsync(cancellation); // The caller sees that the stream is open before the first event.
        await foreach (var reply in handler(request, cancellation).WithCancellation(cancellation))
            await ReplyAsync(http, reply, cancellation);
    });

    /// <summary>The one message of a stream.</summary>
    /// <exception cref="GrpcException">There is none, or another.</exception>
    public static async Task<T> OnlyAsync<T>(IAsyncEnumerable<T> messages)
    {
        await using var one = messages.GetAsyncEnumerator();
        if (!await one.MoveNextAsync())
            throw new GrpcException(GrpcStatus.Unimplemented, "The stream has no message; one is due.");
        var message = one.Current;
        if (await one.MoveNextAsync())
            throw new GrpcException(GrpcStatus.Unimplemented, "The stream has several messages; one is due.");
        return message;
    }

    private static async Task ReplyAsync(HttpContext http, IMessage reply, CancellationToken cancellation)
    {
        await http.Response.Body.WriteAsync(GrpcMessages.Frame(reply), cancellation);
        await http.Response.Body.FlushAsync(cancellation);
    }
}
