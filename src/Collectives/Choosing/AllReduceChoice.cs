using Minka.Collectives.Algorithms;

namespace Minka.Collectives.Choosing;

/// <summary>Which algorithm sums a message of some size: the one that was asked for, or the fastest one.</summary>
internal sealed class AllReduceChoice
{
    /// <summary>Wired gigabit Ethernet with an ordinary switch; until links are measured.</summary>
    private static readonly LinkCost _ethernet = new(100e-6, 8.5e-9);

    private readonly IAllReduce? _fixed;
    private (int BytesMax, IAllReduce Algorithm)[] _table;

    /// <param name="name">An algorithm, or <c>auto</c>.</param>
    /// <param name="size">Ranks.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public AllReduceChoice(string name, int size)
    {
        if (name != "auto") _fixed = AllReduces.Named(name);
        _table = [.. Tuner.MessageSizes.Select(bytes =>
            (bytes, AllReduces.All.MinBy(algorithm => algorithm.Predict(size, bytes, _ethernet))!))];
    }

    /// <summary>The algorithm for a message, by the nearest size that was measured.</summary>
    public IAllReduce For(int bytes)
    {
        if (_fixed is not null) return _fixed;
        var last = _table[^1].Algorithm;
        for (var i = 0; i + 1 < _table.Length; i++)
        {
            // Nearest in ratio: below the geometric middle of two sizes the smaller one counts.
            if ((double)bytes * bytes <= (double)_table[i].BytesMax * _table[i + 1].BytesMax)
                return _table[i].Algorithm;
        }
        return last;
    }

    public void Use(CollectiveTuning tuning) =>
        _table = [.. tuning.Rows.Select(row => (row.Bytes, AllReduces.Named(row.Algorithm)))];
}
