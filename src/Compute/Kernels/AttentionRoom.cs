namespace Minka.Compute.Kernels;

/// <summary>Room for attention: each member's scratch, and the parts of long sequences.</summary>
/// <param name="scratch">Members' rooms, one behind the other.</param>
/// <param name="scratchBytes">Bytes of a member's.</param>
/// <param name="shape">What it is for.</param>
/// <param name="headDim">C.</param>
/// <param name="parts">Parts, one behind the other.</param>
internal readonly unsafe struct AttentionRoom(
    byte* scratch, long scratchBytes, AttentionShape shape, int headDim, float* parts)
{
    /// <summary>A member's scratch.</summary>
    public AttentionScratch ScratchOf(int member) =>
        AttentionScratch.At(scratch + member * scratchBytes, shape.QueriesMax, headDim, out _);

    /// <summary>Sums of one segment of a sequence, for all key-value heads.</summary>
    public AttentionSums Part(int index, int kvHeads) => AttentionSums.In(
        parts + (long)index * shape.PartFloats, kvHeads * shape.FewQueries, headDim);
}
