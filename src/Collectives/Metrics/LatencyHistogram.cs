using System.Numerics;

namespace Minka.Collectives.Metrics;

/// <summary>Durations from 1 ns to 18 minutes in buckets of 1/16 of an octave: percentiles within 3 %.</summary>
/// <remarks>One thread records, any thread reads; nothing is allocated after construction.</remarks>
public sealed class LatencyHistogram
{
    private const int SubBits = 4;
    private const int SubBuckets = 1 << SubBits;
    private const int OctaveMax = 40;

    private readonly long[] _counts = new long[(OctaveMax - SubBits + 2) * SubBuckets];
    private long _count, _sum, _max;

    /// <summary>How many were recorded.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Sum of all, in nanoseconds.</summary>
    public long SumNanoseconds => Volatile.Read(ref _sum);

    /// <summary>The longest, in nanoseconds.</summary>
    public long MaxNanoseconds => Volatile.Read(ref _max);

    /// <summary>Adds a duration; below 0 counts as 0.</summary>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        _counts[Bucket(nanoseconds)]++;
        _sum += nanoseconds;
        if (nanoseconds > _max) _max = nanoseconds;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Adds every duration that another has; <c>other</c> may be recording meanwhile.</summary>
    public void Add(LatencyHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var count = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            var more = Volatile.Read(ref other._counts[i]);
            _counts[i] += more;
            count += more;
        }
        _sum += other.SumNanoseconds;
        _max = Math.Max(_max, other.MaxNanoseconds);
        Volatile.Write(ref _count, _count + count);
    }

    /// <summary>The duration that the fraction <paramref name="q"/> (0 to 1) does not exceed, in nanoseconds.</summary>
    public double Quantile(double q)
    {
        var due = Math.Max(1, Math.Ceiling(q * Count));
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += Volatile.Read(ref _counts[i]);
            if (seen >= due) return Math.Min(Middle(i), MaxNanoseconds);
        }
        return 0;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        (_count, _sum, _max) = (0, 0, 0);
    }

    private static int Bucket(long value)
    {
        if (value < SubBuckets) return (int)value;
        var octave = Math.Min(BitOperations.Log2((ulong)value), OctaveMax);
        if (octave == OctaveMax) return ((OctaveMax - SubBits + 1) * SubBuckets) + SubBuckets - 1;
        var sub = (int)(value >> (octave - SubBits)) & (SubBuckets - 1);
        return ((octave - SubBits + 1) * SubBuckets) + sub;
    }

    private static double Middle(int bucket)
    {
        if (bucket < SubBuckets) return bucket;
        var shift = (bucket / SubBuckets) - 1;
        return ((bucket % SubBuckets) + SubBuckets + 0.5) * (1L << shift);
    }
}
