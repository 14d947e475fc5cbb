namespace Minka.Collectives.Algorithms;

/// <summary>All-reduce algorithms by name.</summary>
internal static class AllReduces
{
    public static IReadOnlyList<IAllReduce> All { get; } =
    [
        new OneShotAllReduce(),
        new TwoShotAllReduce(),
        new DoublingAllReduce(),
        new RingAllReduce(),
        new StarAllReduce(),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IAllReduce Named(string name) => All.FirstOrDefault(algorithm => algorithm.Name == name)
        ?? throw new ArgumentException($"There is no collective '{name}'; there are auto, "
            + $"{string.Join(", ", All.Select(algorithm => algorithm.Name))}.");
}
