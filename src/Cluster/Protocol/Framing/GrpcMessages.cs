using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Minka.Cluster.Protocol.Framing;

/// <summary>Messages on a stream: a flag (1 is compressed), a big-endian length of 4 bytes, and the message.</summary>
internal static class GrpcMessages
{
    /// <summary>Longest message in bytes; the limit that common clients have too.</summary>
    public const int BytesMax = 4 << 20;

    private const int PrefixBytes = 5;

    /// <summary>The bytes of one message with its prefix.</summary>
    /// <exception cref="GrpcException">It is longer than the other side takes.</exception>
    public static byte[] Frame(IMessage message)
    {
        var length = message.CalculateSize();
        if (length > BytesMax)
            throw new GrpcException(GrpcStatus.ResourceExhausted,
                $"A message has {length} bytes; at most {BytesMax} are sent. Send it in parts.");
        var bytes = new byte[PrefixBytes + length];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), length);
        message.WriteTo(bytes.AsSpan(PrefixBytes));
        return bytes;
    }

    /// <summary>Reads messages until the stream ends between two of them.</summary>
    /// <exception cref="GrpcException">The stream is not of this form.</exception>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        Stream from, MessageParser<T> parser, [EnumeratorCancellation] CancellationToken cancellation)
        where T : IMessage<T>
    {
        var prefix = new byte[PrefixBytes];
        while (true)
        {
            var count = await from.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellation);
            if (count == 0) yield break;
            if (count < PrefixBytes) throw Cut();
            yield return await ReadOneAsync(from, parser, Length(prefix), cancellation);
        }
    }

    private static async Task<T> ReadOneAsync<T>(
        Stream from, MessageParser<T> parser, int length, CancellationToken cancellation)
        where T : IMessage<T>
    {
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var count = await from.ReadAtLeastAsync(
                buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellation);
            if (count < length) throw Cut();
            return parser.ParseFrom(buffer, 0, length);
        }
        catch (InvalidProtocolBufferException wrong)
        {
            throw new GrpcException(GrpcStatus.InvalidArgument, $"A message cannot be read: {wrong.Message}", wrong);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Length(byte[] prefix)
    {
        if (prefix[0] != 0)
            throw new GrpcException(GrpcStatus.Unimplemented, "Compressed messages are not read; send identity.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        return length <= BytesMax
            ? (int)length
            : throw new GrpcException(GrpcStatus.ResourceExhausted,
                $"A message of {length} bytes is announced; at most {BytesMax} are read.");
    }

    private static GrpcException Cut() =>
        new(GrpcStatus.Internal, "The stream ended in the middle of a message.");
}
