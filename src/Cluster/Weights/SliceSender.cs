using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Compute;

namespace Minka.Cluster.Weights;

/// <summary>A slice as messages: whole rows, and with the last of them the hash of all.</summary>
internal static class SliceSender
{
    /// <summary>Longest data of a message, in bytes.</summary>
    public const int DataMax = 3 << 20;

    /// <summary>Usual data of a message: below what the collector treats as large.</summary>
    private const int DataUsual = 64 << 10;

    /// <summary>Reads a slice and cuts it into messages.</summary>
    /// <param name="source">The slice.</param>
    /// <param name="hash">What names it.</param>
    /// <param name="skip">Bytes that the other side has.</param>
    /// <param name="sha256">Of all of it, if somebody knows; null to find out.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async IAsyncEnumerable<SliceChunk> ChunksAsync(
        IWeightSource source, ByteString hash, long skip, byte[]? sha256,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var rowBytes = source.Type.RowBytes(source.Columns);
        var rows = (int)Math.Clamp(DataUsual / rowBytes, 1, source.Rows);
        var skipped = (int)(Math.Clamp(skip, 0, source.Rows * rowBytes) / rowBytes);
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var row = sha256 is null ? 0 : skipped; row <= source.Rows;)
        {
            cancellation.ThrowIfCancellationRequested();
            var end = row < skipped ? Math.Min(row + rows, skipped) : Math.Min(row + rows, source.Rows);
            var bytes = new byte[(end - row) * rowBytes];
            source.ReadRows(row, end - row, bytes);
            if (sha256 is null) whole.AppendData(bytes);
            var isLast = end == source.Rows;
            if (row >= skipped)
                yield return new()
                {
                    Hash = hash,
                    Offset = row * rowBytes,
                    Data = UnsafeByteOperations.UnsafeWrap(bytes),
                    Sha256 = isLast ? ByteString.CopyFrom(sha256 ?? whole.GetHashAndReset()) : ByteString.Empty,
                };
            if (isLast && row >= skipped) yield break;
            row = end;
            await Task.Yield(); // Reading a file holds no thread for longer than a message.
        }
    }
}
