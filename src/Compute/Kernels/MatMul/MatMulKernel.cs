using Minka.Compute.Formats;

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

/// <summary>The activations of a step, in tiles of tokens.</summary>
/// <param name="Blocks">
/// int8 blocks <c>[tile][block][token of the tile]</c>; the last tile holds only the tokens that are left.
/// </param>
/// <param name="BlocksPerToken">Blocks of a token.</param>
/// <param name="Values">The floats themselves, <c>[tokens, columns]</c>.</param>
/// <param name="Stride">Floats from one token to the next.</param>
/// <param name="Tokens">Tokens of the step.</param>
internal readonly record struct ActivationTiles(nint Blocks, int BlocksPerToken, nint Values, int Stride, int Tokens)
{
    /// <summary>Tokens of a tile: unpacking a weight costs little beside so many uses of it.</summary>
    public const int TileTokens = 32;

    /// <summary>Tiles of the step.</summary>
    public int Tiles => (Tokens + TileTokens - 1) / TileTokens;

    /// <summary>Tokens of one tile.</summary>
    public int TokensOf(int tile) => Math.Min(TileTokens, Tokens - (tile * TileTokens));

    /// <summary>A tile's first block.</summary>
    public unsafe ActivationBlock* TileOf(int tile) =>
        (ActivationBlock*)Blocks + ((nint)tile * TileTokens * BlocksPerToken);

    /// <summary>One block of one token.</summary>
    public unsafe ActivationBlock* BlockOf(int token, int block)
    {
        var tile = token / TileTokens;
        return TileOf(tile) + ((nint)block * TokensOf(tile)) + (token % TileTokens);
    }
}
