using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Minka.Cluster.Weights;

/// <summary>
/// A slice on its way into the cache. Until it is complete it has another name, so half of one never counts; what is
/// there when it breaks off is gone on from.
/// </summary>
internal sealed class SliceWriter : IDisposable
{
    private readonly WeightSlice _slice;
    private readonly string _modelHash, _partial, _final;
    private readonly SafeFileHandle _handle;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private readonly bool _isTemporary;
    private bool _isComplete;

    private SliceWriter(
        WeightSlice slice, string modelHash, string partial, string final, SafeFileHandle handle, bool isTemporary)
    {
        _isTemporary = isTemporary;
        (_slice, _modelHash, _partial, _final, _handle) = (slice, modelHash, partial, final, handle);
        Length = PartialBytes(RandomAccess.GetLength(handle), slice);
        if (!SliceFile.Append(_hash, handle, Length)) throw new IOException($"'{partial}' cannot be read.");
    }

    /// <summary>Bytes of the slice that are here.</summary>
    public long Length { get; private set; }

    public bool IsFull => Length == _slice.Bytes;

    /// <summary>Opens the half that is there, or begins anew.</summary>
    /// <param name="partial">Its name until it is complete.</param>
    /// <param name="final">Its name then.</param>
    /// <param name="slice">What it is.</param>
    /// <param name="modelHash">Of which model.</param>
    /// <param name="isTemporary">Nobody will go on with its half.</param>
    /// <exception cref="IOException">The disk does not take it, or somebody else writes it.</exception>
    public static SliceWriter Open(
        string partial, string final, WeightSlice slice, string modelHash, bool isTemporary = false)
    {
        var handle = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            return new(slice, modelHash, partial, final, handle, isTemporary);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Whole rows of a half-written file.</summary>
    public static long PartialBytes(long fileBytes, WeightSlice slice)
    {
        var bytes = Math.Clamp(fileBytes - SliceFile.HeaderBytes, 0, slice.Bytes);
        return bytes - (bytes % slice.RowBytes);
    }

    /// <summary>Adds the next bytes; no more than are missing.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, SliceFile.HeaderBytes + Length);
        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Gives it its name, if it is what it should be; else begins anew.</summary>
    /// <returns>Whether it is.</returns>
    public bool TryComplete(ReadOnlySpan<byte> sha256)
    {
        var found = _hash.GetHashAndReset();
        if (!IsFull || !sha256.SequenceEqual(found))
        {
            RandomAccess.SetLength(_handle, 0);
            Length = 0;
            return false;
        }
        RandomAccess.SetLength(_handle, SliceFile.HeaderBytes + _slice.Bytes);
        RandomAccess.Write(_handle, SliceFile.Header(_slice, _modelHash, found), 0);
        File.Move(_partial, _final, overwrite: true);
        return _isComplete = true;
    }

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
        if (_isTemporary && !_isComplete) File.Delete(_partial);
    }
}
