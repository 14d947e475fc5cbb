using Minka.Engine.Sampling;

namespace Minka.Cluster;

/// <summary>What the root wants of the rows of logits of one sequence in a step.</summary>
/// <param name="Needed">Of each row.</param>
/// <param name="Next">The token that follows the last one of the step; -1 if there is none yet.</param>
internal readonly record struct SequenceRows(LogitsNeeded Needed, int Next)
{
    /// <summary>All logits.</summary>
    public static SequenceRows All { get; } = new(LogitsNeeded.All, -1);

    /// <summary>The same for each row.</summary>
    /// <param name="tokens">Of the sequence in the step.</param>
    /// <param name="rows">One for each of its last tokens.</param>
    public void CopyTo(ReadOnlySpan<int> tokens, Span<LogitRow> rows)
    {
        tokens = tokens[^rows.Length..];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = new(Needed.Largest, Needed.HasSum,
                !Needed.HasNext ? -1 : i + 1 < tokens.Length ? tokens[i + 1] : Next);
    }
}

/// <summary>What the root wants of one row of logits.</summary>
/// <param name="Largest">How many of the largest; 0 for all, and nothing else.</param>
/// <param name="HasSum">Whether what the row adds up to is wanted.</param>
/// <param name="Next">The token whose logit is wanted too; -1 for none.</param>
internal readonly record struct LogitRow(int Largest, bool HasSum, int Next)
{
    /// <summary>Floats of the sum: the largest logit, and a double.</summary>
    private const int SumFloats = 3;

    /// <summary>Whether it travels with ids. Without a sum, only where that is shorter.</summary>
    /// <param name="columns">Of the rank's part of the row.</param>
    public bool IsPacked(int columns) => Largest > 0 && columns > 0 && (HasSum || 2 * Largest < columns);

    /// <summary>Floats of one that is packed.</summary>
    public int Floats => (2 * Largest) + (HasSum ? SumFloats : 0) + (Next >= 0 ? 1 : 0);

    /// <summary>Most floats of one that is packed.</summary>
    public const int FloatsMax = (2 * LogitRows.LargestMax) + SumFloats + 1;
}
