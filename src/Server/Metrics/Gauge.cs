namespace Minka.Server.Metrics;

/// <summary>A number that rises and falls. Any thread may set it; nothing is allocated.</summary>
internal sealed class Gauge
{
    private double _value;

    /// <summary>What it is now.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Replaces the number.</summary>
    public void Set(double value) => Volatile.Write(ref _value, value);

    /// <summary>Changes the number by <paramref name="amount"/>.</summary>
    public void Add(double amount) => AtomicSum.Add(ref _value, amount);
}
