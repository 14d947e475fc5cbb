namespace Minka.Compute.Kernels;

/// <summary>One unit of attention: rows of one sequence and the query heads that share a key-value head.</summary>
/// <param name="FirstRow">First row of the step.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="Head">Key-value head.</param>
/// <param name="FirstPosition">Position of the first row; the others follow.</param>
/// <param name="FirstBlock">Where the sequence's block table starts.</param>
internal readonly record struct AttentionItem(int FirstRow, int RowCount, int Head, int FirstPosition, int FirstBlock)
{
    /// <summary>Keys that the last row sees: all before this position.</summary>
    public int KeysEnd => FirstPosition + RowCount;

    /// <summary>First key that any row sees.</summary>
    public int KeysStart(int window) => window == 0 ? 0 : Math.Max(0, FirstPosition - window + 1);
}
