namespace Minka.Compute.Kernels;

/// <summary>Rows of one sequence and one key-value head, or the first of some heads.</summary>
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

    /// <summary>First segment with a key that any row sees.</summary>
    public int SegmentsStart(int window) => KeysStart(window) / AttentionShape.SegmentKeys;

    /// <summary>One past the last segment.</summary>
    public int SegmentsEnd => (KeysEnd - 1) / AttentionShape.SegmentKeys + 1;
}
