using System.Security.Cryptography;
using System.Text;

namespace Minka.Server.Keys;

/// <summary>The keys that open the server: those given at the start, and those of a file that may change.</summary>
internal sealed class KeyRing
{
    private static readonly TimeSpan _fileCheck = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<ApiKey> _given;
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly Lock _lock = new();
    private Entry[] _entries = [];
    private DateTime _fileTime;
    private long _checked;

    private sealed record Entry(byte[] Hash, KeyUse Use);

    /// <summary>Reads the keys.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">A line of it is no key.</exception>
    public KeyRing(IReadOnlyList<ApiKey> given, string? path, TimeProvider time, Action<string> log)
    {
        (_given, _path, _time, _log) = (given, path, time, log);
        Fill(path is null ? [] : ReadFile(path));
        _checked = time.GetTimestamp();
    }

    /// <summary>Requests need a key.</summary>
    public bool IsNeeded => _given.Count > 0 || _path is not null;

    /// <summary>The key that a client shows; null for none of ours.</summary>
    /// <remarks>Hashes are compared, each of them whole: the time says nothing of how near a guess is.</remarks>
    public KeyUse? Find(string shown)
    {
        Refresh();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(shown), hash);
        KeyUse? found = null;
        foreach (var entry in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Hash, hash)) found = entry.Use;
        }
        return found;
    }

    private void Refresh()
    {
        if (_path is null || _time.GetElapsedTime(Volatile.Read(ref _checked)) < _fileCheck) return;
        lock (_lock)
        {
            if (_time.GetElapsedTime(_checked) < _fileCheck) return;
            Volatile.Write(ref _checked, _time.GetTimestamp());
            try
            {
                if (File.GetLastWriteTimeUtc(_path) != _fileTime) Fill(ReadFile(_path));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
            {
                _log($"The key file could not be read again, so the keys stay: {fault.Message}");
            }
        }
    }

    private List<ApiKey> ReadFile(string path)
    {
        _fileTime = File.GetLastWriteTimeUtc(path);
        var keys = new List<ApiKey>();
        var number = 0;
        foreach (var line in File.ReadAllLines(path))
        {
            number++;
            if (line.Trim() is { Length: > 0 } text && text[0] != '#') keys.Add(ApiKey.Parse(text, number));
        }
        return keys;
    }

    /// <summary>A key that stays keeps what is left of its limits.</summary>
    private void Fill(List<ApiKey> fromFile)
    {
        var old = _entries.ToDictionary(entry => entry.Use.Key, entry => entry.Use);
        _entries = [.. _given.Concat(fromFile).Distinct().Select(key => new Entry(
            SHA256.HashData(Encoding.UTF8.GetBytes(key.Secret)),
            old.TryGetValue(key, out var use) ? use : new KeyUse(key, _time)))];
    }
}
