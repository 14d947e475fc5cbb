using System.Buffers.Binary;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Minka.Collectives.Transports;

/// <summary>Memory that two ranks of one machine share: a ring of bytes in each direction.</summary>
/// <remarks>
/// The memory begins with a nonce, by which the second rank shows that it found the first one's memory. Then come, for
/// each direction, on cache lines of their own: bytes written, bytes taken, and whether the reader sleeps and wants to
/// be woken. What the other side wrote is copied before anybody looks at it, and no count of its is believed.
/// </remarks>
internal sealed unsafe class SharedLane : IDisposable
{
    public const int NonceBytes = 32;
    public const int NameBytes = 16;

    /// <summary>Room of a direction: a message of the longest kind, and short ones beside it.</summary>
    public const int RingBytes = (1 << 20) + (1 << 16);

    private const string Folder = "/dev/shm", Prefix = "minka-";
    private const int HeaderBytes = 4096;
    private const int Line = 128;
    private const int TotalBytes = HeaderBytes + 2 * RingBytes;

    /// <summary>A name that nobody took away for so long, nobody looks for any more.</summary>
    private static readonly TimeSpan _abandoned = TimeSpan.FromMinutes(1);

    private static int _hasSwept;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafeMemoryMappedViewHandle _handle;
    private readonly int _mine;
    private ulong _written, _taken;

    private SharedLane(MemoryMappedFile file, byte[] name, bool isFirst)
    {
        (_file, Name, _mine) = (file, name, isFirst ? 0 : 1);
        _view = file.CreateViewAccessor(0, TotalBytes);
        _handle = _view.SafeMemoryMappedViewHandle;
        if (isFirst) _view.WriteArray(0, RandomNumberGenerator.GetBytes(NonceBytes), 0, NonceBytes);
        Nonce = new byte[NonceBytes];
        _view.ReadArray(0, Nonce, 0, NonceBytes);
    }

    /// <summary>By which the other side finds it.</summary>
    public byte[] Name { get; }

    /// <summary>Who has read it has found it.</summary>
    public byte[] Nonce { get; }

    /// <summary>Makes one; null where there is no such memory, or too little of it.</summary>
    public static SharedLane? TryCreate()
    {
        if (Interlocked.Exchange(ref _hasSwept, 1) == 0) Sweep(Folder, TimeProvider.System.GetUtcNow());
        // A process that is killed before the other side has found it leaves a name; it says whose it was.
        var name = RandomNumberGenerator.GetBytes(NameBytes);
        BinaryPrimitives.WriteInt32BigEndian(name, Environment.ProcessId);
        return TryMap(name, isFirst: true);
    }

    /// <summary>Takes away what processes left that are no more.</summary>
    /// <param name="folder">Where names are.</param>
    /// <param name="now">The time.</param>
    internal static void Sweep(string folder, DateTimeOffset now)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var path in Directory.EnumerateFiles(folder, $"{Prefix}*"))
        {
            var name = Path.GetFileName(path.AsSpan())[Prefix.Length..];
            if (name.Length == 2 * NameBytes
                && int.TryParse(name[..8], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var owner)
                && !Directory.Exists($"/proc/{owner}") && now - File.GetLastWriteTimeUtc(path) > _abandoned)
                TryDelete(path);
        }
    }

    /// <summary>Finds the one that a rank of this machine made; null if there is none.</summary>
    public static SharedLane? TryOpen(byte[] name) => TryMap(name, isFirst: false);

    /// <summary>Takes its name away, so that nobody else finds it and nothing is left behind.</summary>
    public void Unlink() => TryDelete(PathOf(Name));

    /// <summary>Writes as much as there is room for.</summary>
    /// <param name="bytes">For the other side.</param>
    /// <param name="isAsleep">The other side sleeps: it has to be woken by other means.</param>
    /// <exception cref="InvalidDataException">The other side broke the counts.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TryWrite(ReadOnlySpan<byte> bytes, out bool isAsleep)
    {
        var memory = Open();
        try
        {
            var free = RingBytes - Held(_written, Volatile.Read(ref Taken(memory, _mine)));
            var count = Math.Min(free, bytes.Length);
            var at = (int)(_written % RingBytes);
            var first = Math.Min(count, RingBytes - at);
            bytes[..first].CopyTo(Ring(memory, _mine)[at..]);
            bytes[first..count].CopyTo(Ring(memory, _mine));
            _written += (uint)count;
            // A full fence: a reader that falls asleep later sees the bytes, one that did before is seen here.
            Interlocked.Exchange(ref Written(memory, _mine), _written);
            isAsleep = Volatile.Read(ref Asleep(memory, _mine)) != 0;
            return count;
        }
        finally
        {
            _handle.ReleasePointer();
        }
    }

    /// <summary>Takes what has come; 0 if nothing has.</summary>
    /// <inheritdoc cref="TryWrite"/>
    public int TryRead(Span<byte> into)
    {
        var memory = Open();
        try
        {
            var theirs = 1 - _mine;
            var count = Math.Min(Held(Volatile.Read(ref Written(memory, theirs)), _taken), into.Length);
            if (count == 0) return 0;
            var at = (int)(_taken % RingBytes);
            var first = Math.Min(count, RingBytes - at);
            Ring(memory, theirs).Slice(at, first).CopyTo(into);
            Ring(memory, theirs)[..(count - first)].CopyTo(into[first..]);
            _taken += (uint)count;
            Volatile.Write(ref Taken(memory, theirs), _taken);
            return count;
        }
        finally
        {
            _handle.ReleasePointer();
        }
    }

    /// <summary>Says whether this side sleeps and wants to be woken.</summary>
    /// <returns>Whether something has come already, so that it must not sleep.</returns>
    /// <inheritdoc cref="TryWrite"/>
    public bool SetAsleep(bool isAsleep)
    {
        var memory = Open();
        try
        {
            Interlocked.Exchange(ref Asleep(memory, 1 - _mine), isAsleep ? 1 : 0);
            return Volatile.Read(ref Written(memory, 1 - _mine)) != _taken;
        }
        finally
        {
            _handle.ReleasePointer();
        }
    }

    public void Dispose()
    {
        // A thread that is reading keeps the memory until it is done.
        _view.Dispose();
        _file.Dispose();
    }

    private static SharedLane? TryMap(byte[] name, bool isFirst)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            // Reserved now: memory that is promised and then not there would end the process.
            using var file = new FileStream(PathOf(name), new FileStreamOptions
            {
                Mode = isFirst ? FileMode.CreateNew : FileMode.Open, Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
                PreallocationSize = isFirst ? TotalBytes : 0,
                UnixCreateMode = isFirst ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
            });
            if (isFirst) file.SetLength(TotalBytes);
            else if (file.Length != TotalBytes) return null;
            return new(
                MemoryMappedFile.CreateFromFile(file, null, TotalBytes, MemoryMappedFileAccess.ReadWrite,
                    HandleInheritability.None, leaveOpen: true), name, isFirst);
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            if (isFirst) TryDelete(PathOf(name));
            return null;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            // It was never made.
        }
    }

    private static string PathOf(byte[] name) => $"{Folder}/{Prefix}{Convert.ToHexStringLower(name)}";

    private byte* Open()
    {
        byte* memory = null;
        _handle.AcquirePointer(ref memory);
        return memory;
    }

    private static int Held(ulong written, ulong taken) => written - taken is var held and <= RingBytes
        ? (int)held
        : throw new InvalidDataException($"{written - taken} bytes are said to be in a ring of {RingBytes}.");

    private static ref ulong Written(byte* memory, int ring) => ref *(ulong*)(memory + Line * (4 * ring + 4));

    private static ref ulong Taken(byte* memory, int ring) => ref *(ulong*)(memory + Line * (4 * ring + 5));

    private static ref int Asleep(byte* memory, int ring) => ref *(int*)(memory + Line * (4 * ring + 6));

    private static Span<byte> Ring(byte* memory, int ring) => new(memory + HeaderBytes + ring * RingBytes, RingBytes);
}
