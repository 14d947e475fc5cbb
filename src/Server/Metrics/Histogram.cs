namespace Minka.Server.Metrics;

/// <summary>How often values fell into which bucket, and their sum. Any thread may observe; nothing is
/// allocated.</summary>
/// <param name="bounds">Upper bounds of the buckets, rising; a value equal to a bound lies below it.</param>
internal sealed class Histogram(double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    /// <summary>Upper bounds; above the last one lies one more bucket.</summary>
    public ReadOnlySpan<double> Bounds => bounds;

    /// <summary>Sum of all values.</summary>
    public double Sum => Volatile.Read(ref _sum);

    /// <summary>How many values.</summary>
    public long Count
    {
        get
        {
            var count = 0L;
            for (var i = 0; i < _counts.Length; i++) count += CountOf(i);
            return count;
        }
    }

    /// <summary>Values in one bucket; the index <c>Bounds.Length</c> is the one above the last bound.</summary>
    public long CountOf(int bucket) => Volatile.Read(ref _counts[bucket]);

    /// <summary>Counts one value; what is not a number is left out.</summary>
    public void Observe(double value)
    {
        if (double.IsNaN(value)) return;
        var index = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _counts[index >= 0 ? index : ~index]);
        AtomicSum.Add(ref _sum, value);
    }

    /// <summary>Counts all that another one with the same bounds has counted.</summary>
    public void Add(Histogram other)
    {
        if (!other.Bounds.SequenceEqual(bounds)) throw new ArgumentException("The bounds differ.", nameof(other));
        for (var i = 0; i < _counts.Length; i++)
            if (other.CountOf(i) is > 0 and var count) Interlocked.Add(ref _counts[i], count);
        AtomicSum.Add(ref _sum, other.Sum);
    }

    /// <summary>Raises counts and sum to what somebody else has counted in the same buckets; nothing falls.</summary>
    /// <param name="counts">By bucket, from the first.</param>
    /// <param name="sum">Sum of all values.</param>
    public void Follow(ReadOnlySpan<long> counts, double sum)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            long before;
            while ((before = CountOf(i)) < counts[i])
                if (Interlocked.CompareExchange(ref _counts[i], counts[i], before) == before) break;
        }
        AtomicSum.Raise(ref _sum, sum);
    }

    /// <summary>Counts one duration in seconds.</summary>
    public void Observe(TimeSpan duration) => Observe(duration.TotalSeconds);

    /// <summary>Estimates the value that the fraction <paramref name="q"/> (0 to 1) does not exceed, evenly within its
    /// bucket as Prometheus does; 0 when nothing was observed.</summary>
    public double Quantile(double q)
    {
        var due = q * Count;
        var below = 0L;
        for (var i = 0; i < bounds.Length; i++)
        {
            var here = CountOf(i);
            if (here > 0 && below + here >= due)
            {
                var low = i == 0 ? 0 : bounds[i - 1];
                return low + ((bounds[i] - low) * Math.Max(0, due - below) / here);
            }
            below += here;
        }
        return Count == 0 || bounds.Length == 0 ? 0 : bounds[^1];
    }
}
