using Microsoft.Win32.SafeHandles;

namespace Minka.Models.Loading;

/// <summary>A file read at any offset by any number of threads.</summary>
/// <remarks>
/// Read, not mapped: weights are packed into memory of their own, and mapped pages would count a second time in the
/// resident set for as long as the load lasts.
/// </remarks>
internal sealed class FileBytes : IDisposable
{
    private readonly SafeFileHandle _handle;

    private FileBytes(string path, SafeFileHandle handle, long length) =>
        (Path, _handle, Length) = (path, handle, length);

    public string Path { get; }

    public long Length { get; }

    /// <exception cref="ModelFormatException">There is no such file, it may not be read, or it is empty.</exception>
    public static FileBytes Open(string path)
    {
        if (Directory.Exists(path))
            throw new ModelFormatException($"'{path}' is a folder; a file is needed here.");

        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
            var length = RandomAccess.GetLength(handle);
            if (length == 0) throw new ModelFormatException($"'{path}' is empty; fetch the file again.");
            return new FileBytes(path, handle, length);
        }
        catch (Exception e)
        {
            handle?.Dispose();
            throw Explain(path, e);
        }
    }

    /// <summary>Reads a small text file whole.</summary>
    public static byte[] ReadAll(string path, int limit)
    {
        using var file = Open(path);
        if (file.Length > limit)
            throw new ModelFormatException($"'{path}' has {file.Length} bytes; at most {limit} are read of its kind.");
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }

    /// <summary>Fills <paramref name="bytes"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="IOException">The file is shorter than it was when it was opened.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = RandomAccess.Read(_handle, bytes, offset);
            if (count == 0)
                throw new IOException($"'{Path}' ended at byte {offset}, {bytes.Length} bytes early: "
                    + "it was changed while it was read.");
            bytes = bytes[count..];
            offset += count;
        }
    }

    public void Dispose() => _handle.Dispose();

    private static Exception Explain(string path, Exception e) => e switch
    {
        ModelFormatException => e,
        FileNotFoundException or DirectoryNotFoundException =>
            new ModelFormatException($"There is no file '{path}'; check the path.", e),
        UnauthorizedAccessException =>
            new ModelFormatException($"'{path}' may not be read by this user; change its permissions.", e),
        NotSupportedException or ArgumentException =>
            new ModelFormatException($"'{path}' is not a file that can be read at any offset; copy it to a disk.", e),
        _ => e,
    };
}
