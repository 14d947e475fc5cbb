namespace Minka.Collectives.Metrics;

/// <summary>Something that a rank did.</summary>
/// <param name="Name">What, for people; one of a few constants.</param>
/// <param name="Start">Nanoseconds on the log's clock.</param>
/// <param name="Duration">Nanoseconds.</param>
/// <param name="Wait">Of <paramref name="Duration"/>, nanoseconds until first bytes came.</param>
/// <param name="Transfer">Of <paramref name="Duration"/>, nanoseconds while bytes moved.</param>
/// <param name="Bytes">Encoded size of what was sent or received; 0 if nothing was.</param>
public readonly record struct TraceEntry(
    string Name, long Start, long Duration, long Wait, long Transfer, long Bytes)
{
    /// <summary>Entries of one lane follow each other or lie within each other; those of two may overlap.</summary>
    public int Lane { get; init; }
}

/// <summary>The latest things that a rank did: what a trace of any window is made of.</summary>
/// <remarks>
/// One thread records, any thread reads. The newest entries overwrite the oldest; nothing is allocated after
/// construction, so that recording costs less than what is recorded and is always on.
/// </remarks>
public sealed class TraceLog
{
    private readonly TraceEntry[] _entries;
    private readonly TimeProvider _time;
    private long _count;

    /// <param name="time">The clock of the entries.</param>
    /// <param name="capacity">Entries that are kept.</param>
    public TraceLog(TimeProvider time, int capacity = 1 << 15)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_time, _entries) = (time, new TraceEntry[capacity]);
    }

    /// <summary>The clock, in nanoseconds.</summary>
    public long Now => Nanoseconds(_time.GetTimestamp(), _time.TimestampFrequency);

    /// <summary>Adds an entry.</summary>
    public void Record(in TraceEntry entry)
    {
        // Who sees a part of this entry sees that the one before it was counted.
        Volatile.WriteBarrier();
        _entries[_count % _entries.Length] = entry;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Adds something that began at <paramref name="start"/> and ends now.</summary>
    /// <param name="name">What.</param>
    /// <param name="start">What <see cref="Now"/> was.</param>
    public void Record(string name, long start) => Record(new(name, start, Now - start, 0, 0, 0));

    /// <summary>Entries that ended at <paramref name="since"/> or later, in the order of their ends.</summary>
    /// <param name="since">Nanoseconds on the log's clock; 0 for all that are kept.</param>
    public IReadOnlyList<TraceEntry> Since(long since)
    {
        var count = Volatile.Read(ref _count);
        var first = Math.Max(0, count - _entries.Length);
        var copied = new List<TraceEntry>((int)(count - first));
        for (var i = first; i < count; i++) copied.Add(_entries[i % _entries.Length]);

        // All copies are made before the count is read again, in whatever order a processor likes to read.
        Volatile.ReadBarrier();
        // What was overwritten while it was copied may be half old and half new; one more is being written now.
        var overwritten = Math.Max(0, Volatile.Read(ref _count) + 1 - _entries.Length - first);
        copied.RemoveRange(0, (int)Math.Min(overwritten, copied.Count));
        copied.RemoveAll(entry => entry.Start + entry.Duration < since);
        return copied;
    }

    /// <summary>Timestamp ticks as nanoseconds, without overflow.</summary>
    public static long Nanoseconds(long ticks, long frequency) =>
        (ticks / frequency * 1_000_000_000) + (ticks % frequency * 1_000_000_000 / frequency);
}
