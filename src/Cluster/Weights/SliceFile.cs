using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Minka.Compute;

namespace Minka.Cluster.Weights;

/// <summary>One slice in the cache: a header of 128 bytes, then its rows.</summary>
/// <remarks>
/// <code>
/// 0   "MINKASLC"        24  length of the rows     64  SHA-256 of what it is: model, weight, cut
/// 8   version, 0        32  SHA-256 of the rows    96  zeros
/// </code>
/// </remarks>
internal sealed class SliceFile : IWeightSource, IDisposable
{
    public const int HeaderBytes = 128;
    private const int Version = 1;
    private const int ReadBytes = 1 << 20;

    private readonly SafeFileHandle _handle;

    private SliceFile(string path, WeightSlice slice, SafeFileHandle handle, byte[] sha256) =>
        (Path, Slice, _handle, Sha256) = (path, slice, handle, sha256);

    public string Path { get; }

    public WeightSlice Slice { get; }

    /// <summary>Of the rows, as the header says.</summary>
    public byte[] Sha256 { get; }

    public string Name => Slice.Of.Name;

    public DType Type => Slice.Of.Type;

    public int Rows => Slice.Rows;

    public int Columns => Slice.Columns;

    /// <summary>Opens a file whose header is that of the slice.</summary>
    /// <returns>Null when there is none, or it is another.</returns>
    public static SliceFile? TryOpen(string path, WeightSlice slice, string modelHash)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (RandomAccess.GetLength(handle) == HeaderBytes + slice.Bytes
                && RandomAccess.Read(handle, header, 0) == HeaderBytes
                && header[..32].SequenceEqual(Header(slice, modelHash, []).AsSpan(0, 32))
                && header[64..96].SequenceEqual(slice.Hash(modelHash)))
                return new(path, slice, handle, header[32..64].ToArray());
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // As good as not there.
        }
        handle?.Dispose();
        return null;
    }

    /// <summary>The header of a slice whose rows have this hash.</summary>
    public static byte[] Header(WeightSlice slice, string modelHash, ReadOnlySpan<byte> sha256)
    {
        var header = new byte[HeaderBytes];
        "MINKASLC"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), slice.Bytes);
        sha256.CopyTo(header.AsSpan(32));
        slice.Hash(modelHash).CopyTo(header.AsSpan(64));
        return header;
    }

    /// <summary>Whether the rows are what they were when they were written.</summary>
    public bool IsSound()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            return Append(hash, _handle, Slice.Bytes) && hash.GetHashAndReset().AsSpan().SequenceEqual(Sha256);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Takes the first bytes after the header into a hash.</summary>
    /// <returns>False when there are not so many.</returns>
    public static bool Append(IncrementalHash hash, SafeFileHandle handle, long bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            for (var at = 0L; at < bytes;)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(ReadBytes, bytes - at));
                var count = RandomAccess.Read(handle, part, HeaderBytes + at);
                if (count == 0) return false;
                hash.AppendData(part[..count]);
                at += count;
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
        for (var at = HeaderBytes + (first * Slice.RowBytes); bytes.Length > 0;)
        {
            var read = RandomAccess.Read(_handle, bytes, at);
            if (read == 0) throw new IOException($"'{Path}' ended early: it was changed while it was read.");
            bytes = bytes[read..];
            at += read;
        }
    }

    public void Dispose() => _handle.Dispose();
}
