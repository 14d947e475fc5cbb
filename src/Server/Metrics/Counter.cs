namespace Minka.Server.Metrics;

/// <summary>A number that only grows. Any thread may add; nothing is allocated.</summary>
internal sealed class Counter
{
    private double _value;

    /// <summary>The sum so far; exact for whole numbers below 2^53.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Adds one.</summary>
    public void Add() => Add(1);

    /// <summary>Adds a number that is not negative.</summary>
    public void Add(double amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        AtomicSum.Add(ref _value, amount);
    }

    /// <summary>Takes over a sum that is kept elsewhere; a lower one is ignored, for a counter never falls.</summary>
    public void Follow(double sum) => AtomicSum.Raise(ref _value, sum);
}
