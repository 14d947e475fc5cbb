namespace Minka.Server.Web;

/// <summary>The last things of a kind, each with a number that only rises. Any thread.</summary>
internal sealed class History<T>(int capacity)
{
    private readonly Lock _lock = new();
    private readonly T[] _items = new T[capacity];
    private long _next;

    /// <summary>Adds one; the oldest gives way.</summary>
    public void Add(T item)
    {
        lock (_lock) _items[_next++ % capacity] = item;
    }

    /// <summary>What came at or after number <paramref name="since"/>, as far as it is kept; everything that is kept
    /// where <paramref name="since"/> is a number that was never reached.</summary>
    /// <param name="since">From 0.</param>
    /// <param name="first">Number of the first item of the result.</param>
    /// <param name="next">Number that the next item will get.</param>
    public T[] Read(long since, out long first, out long next)
    {
        lock (_lock)
        {
            next = _next;
            first = Math.Max(since > next || since < 0 ? 0 : since, Math.Max(0, next - capacity));
            var found = new T[next - first];
            for (var i = 0; i < found.Length; i++) found[i] = _items[(first + i) % capacity];
            return found;
        }
    }
}
