namespace Minka.Compute.Kernels.MatMul;

/// <summary>Multiplies packed weights of one format with activations, on one thread, at one width of vectors.</summary>
/// <remarks>
/// One f32 sum per row and token, over blocks (or columns) in ascending order, whatever the number of tokens and
/// wherever the rows and tokens are cut: a result never depends on what is computed beside it.
/// </remarks>
internal abstract unsafe class MatMulKernel
{
    /// <summary>Rows that are interleaved, R.</summary>
    public abstract int GroupRows { get; }

    /// <summary>Whether activations are int8 blocks (<see cref="ActivationTiles"/>) or the floats themselves.</summary>
    public abstract bool IsQuantized { get; }

    /// <summary>Bits of each 32-bit word of packed weights that it wants turned: so it need not turn them each
    /// time.</summary>
    public virtual uint TurnedBits => 0;

    /// <summary>Writes rows of the groups <c>[start, end)</c> for some tokens.</summary>
    /// <param name="w">The packed weights.</param>
    /// <param name="start">First row group.</param>
    /// <param name="end">One past the last row group.</param>
    /// <param name="x">Activations of all tokens.</param>
    /// <param name="tile">Which <see cref="ActivationTiles.TileTokens"/> tokens.</param>
    /// <param name="y"><c>[tokens, rows]</c>: token t of the step at <c>y + t * yStride</c>.</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    public abstract void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride);
}

/// <summary>Interleaved rows of one format: group g holds rows <c>[g R, g R + R)</c>, zero past the last.</summary>
/// <param name="Groups">The first group.</param>
/// <param name="GroupBytes">Bytes of a group.</param>
/// <param name="Rows">Rows without padding.</param>
/// <param name="Blocks">Blocks of a row.</param>
internal readonly unsafe record struct PackedRows(nint Groups, nint GroupBytes, int Rows, int Blocks);
