namespace Minka.Collectives;

/// <summary>Where each rank's values lie in the result of an all-gather.</summary>
internal static class GatherLayout
{
    /// <exception cref="ArgumentException">Lengths and counts disagree.</exception>
    public static void Check(int mine, int all, ReadOnlySpan<int> counts, int rank, int size)
    {
        if (counts.Length != size)
            throw new ArgumentException($"{counts.Length} counts were given to a group of {size} ranks.");
        var sum = 0;
        foreach (var count in counts) sum = checked(sum + count);
        if (mine != counts[rank] || all != sum)
            throw new ArgumentException($"Rank {rank} gave {mine} values and room for {all}; the counts say "
                + $"{counts[rank]} and {sum}.");
    }
}
