namespace Minka.Server.Metrics;

/// <summary>Additions to a double from many threads.</summary>
internal static class AtomicSum
{
    /// <summary>Adds without a lock.</summary>
    public static void Add(ref double sum, double amount)
    {
        var seen = Volatile.Read(ref sum);
        while (!TryReplace(ref sum, ref seen, seen + amount)) { }
    }

    /// <summary>Raises without a lock; a value that is not higher changes nothing.</summary>
    public static void Raise(ref double sum, double value)
    {
        var seen = Volatile.Read(ref sum);
        while (value > seen && !TryReplace(ref sum, ref seen, value)) { }
    }

    private static bool TryReplace(ref double sum, ref double seen, double value)
    {
        var found = Interlocked.CompareExchange(ref sum, value, seen);
        var isDone = BitConverter.DoubleToInt64Bits(found) == BitConverter.DoubleToInt64Bits(seen);
        seen = found;
        return isDone;
    }
}
